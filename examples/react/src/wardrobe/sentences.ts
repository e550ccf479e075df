import type { Hint, WardrobeItem } from "@closetspace/web";

const HINTS: Record<Hint, string> = {
  unsure_garment: "Is this a piece of clothing? If not, remove it.",
  unclear_photo: "The photo is small, dark or blurred. Another one gives better recommendations.",
};

/** Returns an item's title; items that the server has not seen yet have none of their own. */
export function titleOf({ title }: WardrobeItem): string {
  return title || "New item";
}

/** Returns what a person should know of an item's photo; empty if all is well. */
export function noteOf({ status, state }: WardrobeItem): string {
  switch (status) {
    case "processing":
      return "Looking at the photo…";
    case "waiting_for_photo":
      return "Waiting for its photo";
    case "failed":
      return state?.error?.message ?? "The photo can't be used.";
    case "ready":
      return state?.hint ? HINTS[state.hint] : "";
  }
}
