// The API's types. Generated from its models: change those, then run `make client`.

/** Request of `recommend`. */
export interface RecommendRequest {
  /** From 1 to 100. Default: 20. */
  count?: number | null;
  /** From 0. */
  seed?: number | null;
  cursor?: string | null;
  /** From 0 to 1. */
  explore?: number | null;
  /** From 0 to 1. */
  serendipity?: number | null;
  /** From 0 to 1. */
  mix?: number | null;
  categories?: ReadonlyArray<string> | null;
  gender?: string | null;
  usage?: ReadonlyArray<string> | null;
  colours?: ReadonlyArray<string> | null;
  brands?: ReadonlyArray<string> | null;
  brands_out?: ReadonlyArray<string> | null;
  /** From 0. */
  price_min?: number | null;
  /** From 0. */
  price_max?: number | null;
  /** Default: false. */
  in_stock?: boolean | null;
  /** Default: false. */
  own_similar?: boolean | null;
  /** Default: "fit". */
  order?: "fit" | "unlock" | "price" | null;
}

/** Request of `feedback`: an opinion of a catalog item, or `clear` to remove it. */
export interface FeedbackRequest {
  itemId: string;
  kind: "like" | "dismiss" | "own" | "clear";
}

/** The interest of the closet that a recommendation serves: a category and the number of owned items in it. */
export interface InterestResponse {
  category: string;
  count: number;
}

/** An owned item that a recommendation resembles, with their cosine. */
export interface OwnedMatchResponse {
  itemId: string;
  similarity: number;
}

/** What a card shows of a catalog item. */
export interface ProductResponse {
  id: string;
  name: string;
  src: string | null;
  pictures: Record<string, string> | null;
  url: string | null;
  price: number | null;
  list_price: number | null;
  currency: string | null;
}

/** One recommendation. */
export interface RecommendedItemResponse {
  id: string;
  name: string;
  src: string | null;
  pictures: Record<string, string> | null;
  url: string | null;
  price: number | null;
  list_price: number | null;
  currency: string | null;
  brand: string | null;
  category: string;
  in_stock: boolean;
  score: number;
  because: ReadonlyArray<OwnedMatchResponse>;
  interest: InterestResponse;
  contributions: Record<string, number>;
  reason: string;
  variants: ReadonlyArray<ProductResponse>;
  unlock: number;
  own_similar: boolean;
  own_item_id: string | null;
}

/** Response of `recommend`: one page of a list. */
export interface RecommendResponse {
  items: ReadonlyArray<RecommendedItemResponse>;
  cursor: string | null;
  seed: number;
  index_version: string;
  moved_on: boolean;
  processing: number | null;
}

/** A name that a filter may have, and the number of items that have it. */
export interface FacetResponse {
  name: string;
  count: number;
}

/** The lowest and the highest price in one currency, and the number of items that have one. */
export interface PriceRangeResponse {
  currency: string | null;
  low: number;
  high: number;
  count: number;
}

/** Response of `facets`: what the filters of `recommend` may name, most items first. */
export interface FacetsResponse {
  categories: ReadonlyArray<FacetResponse>;
  genders: ReadonlyArray<FacetResponse>;
  brands: ReadonlyArray<FacetResponse>;
  colours: ReadonlyArray<FacetResponse>;
  usages: ReadonlyArray<FacetResponse>;
  prices: ReadonlyArray<PriceRangeResponse>;
  index_version: string;
}

/** Response of `feedback`: the opinion that is stored now, null if there is none. */
export interface FeedbackResponse {
  itemId: string;
  kind: "like" | "dismiss" | "own" | null;
}

/** Response of `exportMyData`. */
export interface ExportResponse {
  status: "preparing" | "ready" | "failed";
  path: string | null;
  expires_at: string;
  message: string | null;
}

/** Response of `deleteAccount`. */
export interface DeletionResponse {
  status: "deleting";
}

/** A permanent fault of an item: `code` for programs, `message` for its owner. */
export interface Fault {
  code: string;
  message: string;
}

/** What the owner of a ready item could improve. */
export type Hint = "unsure_garment" | "unclear_photo";

/** How far an item has come on its way into the closet. */
export type Status = "waiting_for_photo" | "processing" | "ready" | "failed";

/** What the server knows of an item. */
export interface ItemState {
  uid: string;
  status: Status;
  content_key: string | null;
  encoder: string | null;
  category: string | null;
  colours: ReadonlyArray<string>;
  gender: string | null;
  usage: string | null;
  corrected: ReadonlyArray<string>;
  error: Fault | null;
  hint: Hint | null;
  suggested_name: string | null;
  thumbnails: Record<string, string> | null;
}

/** What a person has set for all their lists. */
export interface Preferences {
  gender?: string | null;
  usage?: ReadonlyArray<string> | null;
  colours?: ReadonlyArray<string> | null;
  brands_out?: ReadonlyArray<string> | null;
  explore?: number | null;
  serendipity?: number | null;
  mix?: number | null;
}

/** The fields of an item's document that the functions read. */
export interface ItemFields {
  uid: string;
  name?: string | null;
  brand?: string | null;
  photo_path?: string | null;
  secure_url?: string | null;
  category?: string | null;
  colours?: ReadonlyArray<string> | null;
  gender?: string | null;
  usage?: string | null;
}

export const MAX_PHOTO_BYTES = 20_000_000;
