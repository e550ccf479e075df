import type { RecommendedItemResponse } from "@closetspace/web";
import { Check, EyeOff, Heart } from "lucide-react";
import { memo, useState, type ReactNode } from "react";
import { money } from "./money";
import type { Opinion } from "./opinions";
import { Why } from "./Why";

interface ProductCardProps {
  product: RecommendedItemResponse;
  opinion: Opinion | undefined;
  /** Whether its picture is on the first screen, and so loads at once. */
  first: boolean;
  onOpinion: (product: string, opinion: Opinion | undefined) => void;
  onHideBrand: (brand: string) => void;
}

export const ProductCard = memo(function ProductCard(props: ProductCardProps) {
  const { product, opinion, first, onOpinion, onHideBrand } = props;
  const { id, brand } = product;
  const name = fullName(product);
  const toggle = (kind: Opinion) => onOpinion(id, opinion === kind ? undefined : kind);
  if (opinion === "dismiss") {
    return (
      <article className="card dismissed">
        <p role="status">“{name}” will not be shown again.</p>
        {/* The focus was on the button that is gone. */}
        <button autoFocus onClick={() => onOpinion(id, undefined)}>
          Undo
        </button>
        {brand && (
          <button className="plain" onClick={() => onHideBrand(brand)}>
            Hide {brand}
          </button>
        )}
      </article>
    );
  }
  return (
    <article className="card product">
      <div className="frame">
        <Picture product={product} first={first} />
      </div>
      <h2>{product.url ? <ShopLink url={product.url}>{name}</ShopLink> : name}</h2>
      <p className="price">
        <strong>{money(product.price, product.currency)}</strong>
        {product.list_price !== null && (
          <s className="quiet">
            <span className="visually-hidden">instead of </span>
            {money(product.list_price, product.currency)}
          </s>
        )}
        {!product.in_stock && <span className="quiet">sold out</span>}
      </p>
      <p className="quiet">{product.reason}</p>
      <div className="opinions">
        <Toggle label={`Like: ${name}`} on={opinion === "like"} act={() => toggle("like")}>
          <Heart aria-hidden />
        </Toggle>
        <Toggle label={`I own it: ${name}`} on={opinion === "own"} act={() => toggle("own")}>
          <Check aria-hidden />
        </Toggle>
        <button aria-label={`Not for me: ${name}`} title="Not for me" onClick={() => onOpinion(id, "dismiss")}>
          <EyeOff aria-hidden />
        </button>
      </div>
      <Variants product={product} />
      <Why product={product} />
    </article>
  );
});

function Picture({ product, first }: { product: RecommendedItemResponse; first: boolean }) {
  const [broken, setBroken] = useState(false);
  const { pictures, src } = product;
  const shown = pictures?.["640"] ?? src;
  if (broken || !shown) return <div className="no-photo">{product.category}</div>;
  return (
    <img
      src={shown}
      srcSet={pictures ? `${pictures["160"]} 160w, ${pictures["640"]} 640w` : undefined}
      sizes="(width < 40rem) 45vw, 14rem"
      alt=""
      loading={first ? "eager" : "lazy"}
      fetchPriority={first ? "high" : "auto"}
      onError={() => setBroken(true)}
    />
  );
}

function ShopLink({ url, children }: { url: string; children: ReactNode }) {
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function Toggle({ label, on, act, children }: { label: string; on: boolean; act: () => void; children: ReactNode }) {
  return (
    <button aria-label={label} title={label.split(":")[0]} aria-pressed={on} onClick={act}>
      {children}
    </button>
  );
}

function Variants({ product: { variants } }: { product: RecommendedItemResponse }) {
  if (!variants.length) return null;
  return (
    <details className="why">
      <summary>{variants.length === 1 ? "One other version" : `${variants.length} other versions`}</summary>
      <ul>
        {variants.map(({ id, name, url, price, currency }) => (
          <li key={id}>
            {url ? <ShopLink url={url}>{name}</ShopLink> : name} {money(price, currency)}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Returns a product's name, with its brand in front unless the name has it. */
function fullName({ name, brand }: RecommendedItemResponse): string {
  return brand && !name.toLowerCase().includes(brand.toLowerCase()) ? `${brand} ${name}` : name;
}
