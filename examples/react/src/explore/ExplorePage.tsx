import type { RecommendRequest } from "@closetspace/web";
import { RotateCw, SlidersHorizontal } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
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
      {changed && list.products.length > 0 && (
        <div role="status" className="changed">
          Your wardrobe has changed. <button onClick={ask}>Show new recommendations</button>
        </div>
      )}
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
  const asked = useRef<{ request: RecommendRequest; version?: string; progress?: string }>(null);
  const [, render] = useState(0);
  const changed = asked.current?.version !== undefined && version !== asked.current.version;

  const ask = useCallback(() => {
    asked.current = { request, version, progress };
    begin(request);
    render((count) => count + 1);
  }, [request, version, progress, begin]);

  // On the first page the list is asked for before the wardrobe is known.
  if (asked.current && asked.current.version === undefined) asked.current = { ...asked.current, version, progress };

  const isEmpty = list.products.length === 0 && list.error?.code === "failed-precondition";
  useEffect(() => {
    if (asked.current?.request !== request || (isEmpty && asked.current.progress !== progress)) ask();
  }, [request, progress, isEmpty, ask]);

  const reopened = useRef(() => {});
  reopened.current = () => {
    if (changed) ask();
  };
  useEffect(() => reopened.current(), []);
  return { changed, ask };
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
