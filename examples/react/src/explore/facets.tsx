import type { FacetsResponse } from "@closetspace/web";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { closet } from "../backend";

interface Facets {
  readonly facets: FacetsResponse | undefined;
  readonly ask: () => void;
}

const FacetsContext = createContext<Facets>({ facets: undefined, ask: () => {} });

/**
 * Returns what filters and corrections may name; undefined until it is known.
 *
 * It is asked for once, when `wanted` is true for the first time: a list of products comes first.
 */
export function useFacets(wanted = true): FacetsResponse | undefined {
  const { facets, ask } = use(FacetsContext);
  useEffect(() => {
    if (wanted) ask();
  }, [wanted, ask]);
  return facets;
}

export function FacetsProvider({ children }: { children: ReactNode }) {
  const [facets, setFacets] = useState<FacetsResponse>();
  const ask = useMemo(() => {
    let asked = false;
    return () => {
      if (asked) return;
      asked = true;
      closet.facets().then(setFacets, (error: unknown) => {
        asked = false; // the next page that needs them asks again
        console.warn(error);
      });
    };
  }, []);
  const value = useMemo(() => ({ facets, ask }), [facets, ask]);
  return <FacetsContext value={value}>{children}</FacetsContext>;
}
