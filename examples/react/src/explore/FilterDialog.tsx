import { useRef, useState, type SyntheticEvent } from "react";
import { Dialog } from "../ui/Dialog";
import { useFacets } from "./facets";
import { filtersOf, type Filters } from "./filters";

interface FilterDialogProps {
  filters: Filters;
  onChange: (filters: Filters) => void;
  onClose: () => void;
}

export function FilterDialog({ filters, onChange, onClose }: FilterDialogProps) {
  const facets = useFacets();
  const form = useRef<HTMLFormElement>(null);
  const [brandsOut, setBrandsOut] = useState(filters.brands_out ?? []);

  function apply(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    onChange({ ...filtersOf(event.currentTarget), ...(brandsOut.length && { brands_out: brandsOut }) });
    onClose();
  }

  function clear() {
    onChange({});
    onClose();
  }

  return (
    <Dialog title="Filters" onClose={onClose}>
      <form ref={form} className="fields" onSubmit={apply} autoComplete="off">
        <label>
          Sort by
          <select name="order" defaultValue={filters.order ?? "fit"} data-default="fit">
            <option value="fit">Best fit</option>
            <option value="unlock">Most new outfits</option>
            <option value="price">Price</option>
          </select>
        </label>
        <label>
          For
          <select name="gender" defaultValue={filters.gender ?? ""}>
            <option value="">As in my wardrobe</option>
            {facets?.genders.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <div className="pair">
          <label>
            Price from
            <input type="number" name="price_min" min="0" step="any" defaultValue={filters.price_min ?? ""} />
          </label>
          <label>
            Price to
            <input type="number" name="price_max" min="0" step="any" defaultValue={filters.price_max ?? ""} />
          </label>
        </div>
        <label className="check">
          <input type="checkbox" name="in_stock" defaultChecked={filters.in_stock ?? false} />
          In stock only
        </label>
        <label className="check">
          <input type="checkbox" name="own_similar" defaultChecked={filters.own_similar ?? false} />
          Also what is much like mine
        </label>
        <Slider name="explore" label="Adventurous" ends={["the best fit", "surprise me"]} value={filters.explore} usual={0.2} />
        <Slider
          name="serendipity"
          label="Close to mine or new"
          ends={["close to mine", "something new"]}
          value={filters.serendipity}
          usual={0}
        />
        <Slider
          name="mix"
          label="More of the same or something missing"
          ends={["more of the same", "what is missing"]}
          value={filters.mix}
          usual={0.15}
        />
        {brandsOut.length > 0 && (
          <fieldset>
            <legend>Brands left out</legend>
            <div className="chips">
              {brandsOut.map((brand) => (
                <button
                  type="button"
                  className="chip"
                  key={brand}
                  onClick={() => setBrandsOut(brandsOut.filter((other) => other !== brand))}
                >
                  Show {brand} again
                </button>
              ))}
            </div>
          </fieldset>
        )}
        <div className="row">
          <button className="primary">Show results</button>
          <button type="button" onClick={clear}>
            Clear filters
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface SliderProps {
  name: "explore" | "serendipity" | "mix";
  label: string;
  ends: [string, string];
  value: number | null | undefined;
  usual: number;
}

function Slider({ name, label, ends, value, usual }: SliderProps) {
  const [low, high] = ends;
  return (
    <div>
      <label>
        {label}
        <input type="range" name={name} min="0" max="1" step="0.05" defaultValue={value ?? usual} data-default={usual} />
      </label>
      <p className="ends quiet" aria-hidden="true">
        <span>{low}</span>
        <span>{high}</span>
      </p>
    </div>
  );
}
