import { ClosetError, type FacetResponse, type WardrobeItem } from "@closetspace/web";
import { useState, type SyntheticEvent } from "react";
import { closet } from "../backend";
import { useFacets } from "../explore/facets";

const MAX_COLOURS = 3;

type CorrectedField = "category" | "gender" | "usage";

/** What the owner says of an item. What is left "as seen" is what the server sees in the photo. */
export function ItemForm({ item }: { item: WardrobeItem }) {
  const facets = useFacets();
  const [result, setResult] = useState<{ saved: boolean; sentence: string }>();
  const [busy, setBusy] = useState(false);

  async function save(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? "").trim() || null;
    const colours = fields.getAll("colours").map(String);
    const changes = {
      name: text("name"),
      brand: text("brand"),
      // Without the lists there is nothing to choose from, so nothing to change.
      ...(facets && {
        category: text("category"),
        gender: text("gender"),
        usage: text("usage"),
        colours: colours.length ? colours : null,
      }),
    };
    if (colours.length > MAX_COLOURS) {
      return setResult({ saved: false, sentence: `Choose up to ${MAX_COLOURS} colours.` });
    }
    setBusy(true);
    setResult({ saved: true, sentence: navigator.onLine ? "Saving…" : "Kept here, and sent when you are back online." });
    try {
      await closet.updateItem(item.id, changes);
      setResult({ saved: true, sentence: "Saved." });
    } catch (error) {
      setResult({ saved: false, sentence: ClosetError.from(error).message });
    }
    setBusy(false);
  }

  const suggestion = item.state?.suggested_name ?? "";
  return (
    <form className="fields" onSubmit={save} autoComplete="off">
      <label>
        Name
        <input name="name" defaultValue={item.item.name ?? ""} placeholder={suggestion} maxLength={300} />
      </label>
      <label>
        Brand
        <input name="brand" defaultValue={item.item.brand ?? ""} maxLength={100} />
      </label>
      {facets && (
        <>
          <Correction label="Category" name="category" item={item} choices={facets.categories} />
          <Correction label="For" name="gender" item={item} choices={facets.genders} />
          <Correction label="Occasion" name="usage" item={item} choices={facets.usages} />
          <Colours item={item} choices={facets.colours} />
        </>
      )}
      <div className="row">
        <button className="primary" disabled={busy}>
          Save
        </button>
        <p role={result?.saved === false ? "alert" : "status"} className={result?.saved === false ? "problem" : "quiet"}>
          {result?.sentence}
        </p>
      </div>
    </form>
  );
}

interface CorrectionProps {
  label: string;
  name: CorrectedField;
  item: WardrobeItem;
  choices: readonly FacetResponse[];
}

function Correction({ label, name, item, choices }: CorrectionProps) {
  const seen = item.state?.corrected.includes(name) ? null : item.state?.[name];
  const own = item.item[name];
  const { names, chosen } = withOwn(choices, own ? [own] : []);
  return (
    <label>
      {label}
      <select name={name} defaultValue={chosen[0] ?? ""}>
        <option value="">{seen ? `As seen: ${seen}` : "As seen in the photo"}</option>
        {names.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}

function Colours({ item, choices }: { item: WardrobeItem; choices: readonly FacetResponse[] }) {
  const { names, chosen } = withOwn(choices, item.item.colours ?? []);
  const seen = item.state?.corrected.includes("colours") ? [] : (item.state?.colours ?? []);
  return (
    <fieldset>
      <legend>Colours</legend>
      <p className="quiet">{seen.length ? `As seen: ${seen.join(", ")}.` : ""} Choose up to three to correct it.</p>
      <div className="chips">
        {names.sort().map((name) => (
          <label className="chip" key={name}>
            <input type="checkbox" name="colours" value={name} defaultChecked={chosen.includes(name)} />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Returns what may be chosen and what is, with corrections that the catalog does not list, so that saving keeps them. */
function withOwn(choices: readonly FacetResponse[], own: readonly string[]): { names: string[]; chosen: string[] } {
  const names = choices.map(({ name }) => name);
  // The server compares without case.
  const chosen = own.map((word) => names.find((name) => name.toLowerCase() === word.toLowerCase()) ?? word);
  return { names: [...new Set([...names, ...chosen])], chosen };
}
