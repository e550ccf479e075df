import { ClosetError, type RecommendedItemResponse, type RecommendRequest, type RecommendResponse } from "@closetspace/web";
import { useCallback, useRef, useState } from "react";
import { closet } from "../backend";

const PAGE = 20;

export interface List {
  readonly products: readonly RecommendedItemResponse[];
  /** `stale` shows the list before, while another one is on its way. */
  readonly status: "stale" | "loading" | "ready" | "complete";
  readonly error: ClosetError | null;
  /** Whether it was the next page that could not be had, not another list. */
  readonly atEnd: boolean;
  /** How many items of the wardrobe are being looked at; they are not in the list yet. */
  readonly processing: number;
  /** The latest page. */
  readonly page: RecommendResponse | null;
}

const EMPTY: List = { products: [], status: "loading", error: null, atEnd: false, processing: 0, page: null };

/** Returns a list of recommendations, a function that begins another one, and one that asks for its next page. */
export function useRecommendations() {
  const [list, setList] = useState<List>(EMPTY);
  const pages = useRef<AsyncIterator<RecommendResponse>>(null);

  const load = useCallback(async (isNew: boolean) => {
    const asked = pages.current;
    if (!asked) return;
    setList((shown) => ({ ...shown, status: isNew ? "stale" : "loading", error: null }));
    try {
      const { value: page } = (await asked.next()) as { value?: RecommendResponse };
      if (asked === pages.current) setList((shown) => withPage(isNew ? EMPTY : shown, page));
    } catch (error) {
      if (asked === pages.current) setList((shown) => withError(isNew, shown, ClosetError.from(error)));
    }
  }, []);

  const begin = useCallback(
    (request: RecommendRequest) => {
      pages.current = closet.recommendPages({ count: PAGE, ...request });
      void load(true);
    },
    [load],
  );
  const more = useCallback(() => void load(false), [load]);
  return { list, begin, more };
}

function withPage(shown: List, page: RecommendResponse | undefined): List {
  if (!page) return { ...shown, status: "complete" };
  return {
    products: [...shown.products, ...page.items],
    status: page.cursor ? "ready" : "complete",
    error: null,
    atEnd: false,
    processing: page.processing ?? shown.processing,
    page,
  };
}

/** Keeps what is shown if the server could not be asked; there is nothing to show if it has nothing to recommend. */
function withError(isNew: boolean, shown: List, error: ClosetError): List {
  const products = isNew && error.code === "failed-precondition" ? [] : shown.products;
  return { ...shown, products, status: "ready", error, atEnd: !isNew };
}
