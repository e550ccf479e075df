// A person's items, each with what the server knows of it.

import { onSnapshot, type DocumentData, type Query, type Timestamp, type Unsubscribe } from "firebase/firestore";
import type { ItemFields, ItemState, Status } from "./api.js";
import { ClosetError } from "./errors.js";

/** An item's document, which its owner writes. It may have more fields. */
export interface ItemDocument extends ItemFields {
  created_at?: Timestamp | null;
  [field: string]: unknown;
}

/** An item of the wardrobe. */
export interface WardrobeItem {
  readonly id: string;
  /** What the owner wrote. */
  readonly item: ItemDocument;
  /** What the server knows of it; null for a moment after it was added. */
  readonly state: ItemState | null;
  /** How far it has come; `processing` until the server has seen it. */
  readonly status: Status;
  /** Its name, or the one that the server suggests; empty if there is neither. */
  readonly title: string;
}

/** Calls back with all items whenever one or its state changes, until an error ends that or the result is called. */
export function watchItems(
  items: Query,
  states: Query,
  onItems: (items: WardrobeItem[]) => void,
  onError: (error: ClosetError) => void,
): Unsubscribe {
  let written: Documents | undefined;
  let known: Documents | undefined;
  const show = () => {
    if (written && known) onItems(joinItems(written, known));
  };
  const stop = () => {
    stopItems();
    stopStates();
  };
  const fail = (error: unknown) => {
    stop();
    onError(ClosetError.from(error));
  };
  const stopItems = watchDocuments(items, (documents) => ((written = documents), show()), fail);
  const stopStates = watchDocuments(states, (documents) => ((known = documents), show()), fail);
  return stop;
}

type Documents = ReadonlyMap<string, DocumentData>;

/** Returns items with their states, the newest first; those without `created_at` come last, in the order of their ids. */
export function joinItems(items: Documents, states: Documents): WardrobeItem[] {
  const joined = [...items].map(([id, document]) => {
    const item = document as ItemDocument;
    const state = (states.get(id) as ItemState | undefined) ?? null;
    const title = item.name || state?.suggested_name || "";
    return { id, item, state, status: state?.status ?? "processing", title };
  });
  return joined.sort((one, other) => created(other.item) - created(one.item) || (one.id < other.id ? -1 : 1));
}

/** Returns when an item was added, in milliseconds; 0 if its document does not say it as a timestamp. */
function created({ created_at: time }: ItemDocument): number {
  return typeof time?.toMillis === "function" ? time.toMillis() : 0;
}

function watchDocuments(
  query: Query,
  changed: (documents: Documents) => void,
  failed: (error: unknown) => void,
): Unsubscribe {
  const next = (snapshot: { docs: { id: string; data: (options: object) => DocumentData }[] }) =>
    changed(new Map(snapshot.docs.map((found) => [found.id, found.data({ serverTimestamps: "estimate" })])));
  return onSnapshot(query, next, failed);
}
