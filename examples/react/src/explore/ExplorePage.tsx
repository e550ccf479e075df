import type { RecommendRequest } from "@closetspace/web";
import { RotateCw, SlidersHorizontal } from "lucide-react";
import { useCallback, useEffect, useEffectEvent, useMemo, useState } from "react";
import { useDeveloper } from "../account/developer";
import { Page } from "../ui/Page";
import { useWardrobe } from "../wardrobe/wardrobe";
import { CategoryChips } from "./CategoryChips";
import { FilterDialog } from "./FilterDialog";
import { countFilters, type Filters } from "./filters";
import { ProductList } from "./ProductList";
import { useRecommendations, type List } from "./useRecommendations";

export function ExplorePage() {
  const [filters, setFilters] = useState<Filters>({});
  const [category, setCategory] = useState<string | null>(null);
  const [filtering, setFiltering] = useState(false);
  const { list, begin, more } = useRecommendations();

  const request = useMemo(
    (): RecommendRequest => ({ ...filters, ...(category !== null && { categories: [category] }) }),
    [filters, category],
  );
  const { changed, ask } = useFreshList(request, list, begin);
  const hideBrand = useCallback((brand: string) => {
    setFilters((now) => ({ ...now, brands_out: [...(now.brands_out ?? []), brand] }));
  }, []);
  const clear = useCallback(() => {
    setFilters({});
    setCategory(null);
  }, []);

  const set = countFilters(filters);
  // Without a usable photo there is nothing to choose from.
  const usable = list.error?.code !== "failed-precondition";
  const actions = usable && (
    <div className="row">
      <button onClick={ask}>
        <RotateCw aria-hidden />
        <span className="wide-only">Refresh</span>
      </button>
      <button onClick={() => setFiltering(true)} aria-haspopup="dialog">
        <SlidersHorizontal aria-hidden />
        {set ? `Filters (${set})` : "Filters"}
      </button>
    </div>
  );

  return (
    <Page title="For you" actions={actions}>
      {usable && <CategoryChips chosen={category} onChoose={setCategory} wanted={list.page !== null} />}
      {list.products.length > 0 && <WardrobeNews changed={changed} processing={list.processing} ask={ask} />}
      <ProductList list={list} filtered={set > 0 || category !== null} more={more} again={ask} clear={clear} onHideBrand={hideBrand} />
      <Details list={list} />
      {filtering && <FilterDialog filters={filters} onChange={setFilters} onClose={() => setFiltering(false)} />}
    </Page>
  );
}

/**
 * Asks for another list when the request changes, when the page opens again after the wardrobe has changed, and when an
 * item makes progress while there is nothing to show.
 *
 * A list that somebody looks at stays: `changed` says that there is a newer one, and `ask` asks for it.
 */
function useFreshList(request: RecommendRequest, list: List, begin: (request: RecommendRequest) => void) {
  const { version, progress } = useWardrobe();
  const [asked, setAsked] = useState<{ request: RecommendRequest; version?: string; progress?: string }>();
  const changed = asked?.version !== undefined && version !== asked.version;

  const ask = useCallback(() => {
    setAsked({ request, version, progress });
    begin(request);
  }, [request, version, progress, begin]);

  // On the first page the list is asked for before the wardrobe is known.
  const isEarly = asked !== undefined && asked.version === undefined;
  useEffect(() => {
    if (isEarly) setAsked((now) => now && { ...now, version, progress });
  }, [isEarly, version, progress]);

  const isEmpty = list.products.length === 0 && list.error?.code === "failed-precondition";
  useEffect(() => {
    if (asked?.request !== request || (isEmpty && !isEarly && asked.progress !== progress)) ask();
  }, [asked, request, progress, isEmpty, isEarly, ask]);

  const reopened = useEffectEvent(() => {
    if (changed) ask();
  });
  useEffect(() => reopened(), []);
  return { changed, ask };
}

interface WardrobeNewsProps {
  changed: boolean;
  /** How many items were being looked at when the list was made. */
  processing: number;
  ask: () => void;
}

/** Says what the list does not know of the wardrobe. */
function WardrobeNews({ changed, processing, ask }: WardrobeNewsProps) {
  if (changed) {
    return (
      <div role="status" className="changed">
        Your wardrobe has changed. <button onClick={ask}>Show new recommendations</button>
      </div>
    );
  }
  if (!processing) return null;
  return (
    <p role="status" className="quiet">
      {processing === 1 ? "One more photo is" : `${processing} more photos are`} being looked at.
    </p>
  );
}

function Details({ list: { page } }: { list: List }) {
  const { details } = useDeveloper();
  if (!details || !page) return null;
  return (
    <p className="quiet">
      Index {page.index_version}, seed {page.seed}
    </p>
  );
}
