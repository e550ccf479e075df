import type { ClosetError, WardrobeItem } from "@closetspace/web";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { closet } from "../backend";

export interface Wardrobe {
  /** The newest first; undefined until they are known. */
  readonly items: readonly WardrobeItem[] | undefined;
  readonly error: ClosetError | null;
  /** Changes with everything that recommendations depend on; undefined until it is known. */
  readonly version: string | undefined;
  /** Changes with the status of any item; undefined until it is known. */
  readonly progress: string | undefined;
}

const UNKNOWN = { items: undefined, error: null, version: undefined, progress: undefined };
const WardrobeContext = createContext<Wardrobe>(UNKNOWN);

/** Returns the wardrobe of the person who is signed in, as it is now. */
export function useWardrobe(): Wardrobe {
  return use(WardrobeContext);
}

export function WardrobeProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<readonly WardrobeItem[]>();
  const [error, setError] = useState<ClosetError | null>(null);
  useEffect(() => closet.watchWardrobe(setItems, setError), []);
  const wardrobe = useMemo(
    () => ({ items, error, version: items && versionOf(items), progress: items && progressOf(items) }),
    [items, error],
  );
  return <WardrobeContext value={wardrobe}>{children}</WardrobeContext>;
}

function versionOf(items: readonly WardrobeItem[]): string {
  const ready = items.filter(({ status }) => status === "ready");
  return JSON.stringify(ready.map(({ id, state }) => [id, state?.content_key, state?.corrected]).sort());
}

function progressOf(items: readonly WardrobeItem[]): string {
  return JSON.stringify(items.map(({ id, status }) => [id, status]).sort());
}
