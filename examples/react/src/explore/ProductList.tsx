import type { ClosetError } from "@closetspace/web";
import { signOut } from "firebase/auth";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { auth } from "../backend";
import { Skeletons } from "../ui/Loading";
import { Notice } from "../ui/Notice";
import { useOpinions } from "./opinions";
import { ProductCard } from "./ProductCard";
import type { List } from "./useRecommendations";

/** Products whose pictures are on the first screen. */
const FIRST = 4;

/** How far before the end of the list the next page is asked for. */
const AHEAD = "800px";

interface ProductListProps {
  list: List;
  /** Whether filters are set, which may leave nothing. */
  filtered: boolean;
  more: () => void;
  again: () => void;
  clear: () => void;
  onHideBrand: (brand: string) => void;
}

export function ProductList({ list, filtered, more, again, clear, onHideBrand }: ProductListProps) {
  const opinions = useOpinions();
  const { products, status, error, atEnd } = list;
  const loading = status === "stale" || status === "loading";
  if (error && !products.length) return <Problem error={error} again={again} />;
  if (!products.length && status === "complete") return <Nothing filtered={filtered} clear={clear} />;
  return (
    <>
      {error && !atEnd && <Problem error={error} again={again} />}
      {opinions.problem && <Notice role="alert">{opinions.problem}</Notice>}
      <ul className="cards" aria-label="Recommendations" aria-busy={loading} data-stale={status === "stale"}>
        {products.map((product, place) => (
          <li key={product.id}>
            <ProductCard
              product={product}
              opinion={opinions.of(product.id)}
              first={place < FIRST}
              onOpinion={opinions.set}
              onHideBrand={onHideBrand}
            />
          </li>
        ))}
      </ul>
      {loading && (!products.length || status === "loading") && <Skeletons count={8} />}
      {error && atEnd && <Problem error={error} again={more} />}
      {status === "ready" && !error && <End reached={more} />}
      {status === "complete" && <p className="quiet end">You have seen everything that fits.</p>}
    </>
  );
}

/** The end of what is shown, with a button for those who don't scroll; `reached` asks for the next page. */
function End({ reached }: { reached: () => void }) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && reached(), { rootMargin: AHEAD });
    observer.observe(mark.current!);
    return () => observer.disconnect();
  }, [reached]);
  return (
    <div ref={mark} className="end">
      <button onClick={reached}>Show more</button>
    </div>
  );
}

function Nothing({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  if (!filtered) return <Notice role="status">There is nothing to recommend at the moment.</Notice>;
  return (
    <Notice role="status">
      <p>Nothing matches these filters.</p>
      <button onClick={clear}>Clear filters</button>
    </Notice>
  );
}

function Problem({ error, again }: { error: ClosetError; again: () => void }) {
  switch (error.reason) {
    case "empty":
      return (
        <Notice>
          <p>Add photos of a few clothes that you own, to see what fits them.</p>
          <Link href="/wardrobe" className="button primary">
            Add photos
          </Link>
        </Notice>
      );
    case "processing":
      return (
        <>
          <Notice role="status">Looking at your photos…</Notice>
          <Skeletons count={8} />
        </>
      );
    case "failed":
      return (
        <Notice role="alert">
          <p>None of your photos could be used.</p>
          <Link href="/wardrobe" className="button">
            See what is wrong
          </Link>
        </Notice>
      );
    case "account_deleted":
      return (
        <Notice role="alert">
          <p>{error.message}</p>
          <button onClick={() => void signOut(auth)}>Sign out</button>
        </Notice>
      );
    default:
      return (
        <Notice role="alert">
          <p>{error.message}</p>
          <button onClick={again}>Try again</button>
        </Notice>
      );
  }
}
