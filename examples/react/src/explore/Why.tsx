import type { RecommendedItemResponse } from "@closetspace/web";
import { useState } from "react";
import { Link } from "wouter";
import { useDeveloper } from "../account/developer";
import { Photo } from "../wardrobe/Photo";
import { titleOf } from "../wardrobe/sentences";
import { useWardrobe } from "../wardrobe/wardrobe";

/** What speaks for a product, by the part of its score, in nats. */
const FOR: Record<string, string> = {
  image: "It looks like what you own.",
  text: "Its name and brand go with your things.",
  colour: "Its colours go with yours.",
  gender: "It is made for people who wear what you wear.",
  usage: "It suits the same occasions as your clothes.",
  feedback: "It is like what you liked.",
  serendipity: "It is a little different from what you own.",
};

/** Parts below this don't show in a list. */
const LEAST = 0.05;

const MOST = 3;

/** Says why a product is recommended: what speaks for it, and the owned items that it resembles. */
export function Why({ product }: { product: RecommendedItemResponse }) {
  const { details } = useDeveloper();
  const [open, setOpen] = useState(false);
  return (
    <details className="why" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Why this</summary>
      <ul>
        {speakingFor(product.contributions).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {product.unlock > 0 && <li>{outfits(product.unlock)}</li>}
      </ul>
      {/* Its pictures load when they are seen. */}
      {open && <Owned product={product} />}
      {details && <Scores product={product} />}
    </details>
  );
}

function speakingFor(contributions: RecommendedItemResponse["contributions"]): string[] {
  return Object.entries(contributions)
    .filter(([part, value]) => value >= LEAST && part in FOR)
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST)
    .map(([part]) => FOR[part]!);
}

function outfits(count: number): string {
  return count === 1 ? "It makes a new outfit with what you own." : `It makes ${count} new outfits with what you own.`;
}

function Owned({ product }: { product: RecommendedItemResponse }) {
  const { items } = useWardrobe();
  const owned = product.because.flatMap(({ itemId }) => items?.find(({ id }) => id === itemId) ?? []);
  if (!owned.length) return null;
  return (
    <>
      <p>Closest in your wardrobe:</p>
      <ul className="owned">
        {owned.map((item) => (
          <li key={item.id}>
            <Link href={`/wardrobe/${encodeURIComponent(item.id)}`} aria-label={titleOf(item)} title={titleOf(item)}>
              <Photo item={item} side={160} />
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function Scores({ product }: { product: RecommendedItemResponse }) {
  const parts = Object.entries(product.contributions).sort(([, one], [, other]) => Math.abs(other) - Math.abs(one));
  return (
    <dl className="scores">
      {[...parts, ["score", product.score] as const].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value.toFixed(2)}</dd>
        </div>
      ))}
    </dl>
  );
}
