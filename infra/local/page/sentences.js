// What the page says: of an item's state, of what a score is made of, and of what went wrong.

export const BADGES = {
  waiting_for_photo: "waiting for its photo",
  processing: "looking at it",
  ready: "ready",
  failed: "not usable",
};

/** A sentence for each hint that an item's state may carry. */
export const HINTS = {
  unsure_garment: "This may not be a garment. A photo that shows one clearly gives better recommendations.",
  unclear_photo: "This photo is hard to read. A larger, brighter one from the front gives better recommendations.",
};

/** The parts of a score; one that is not here is told by its own name. */
export const PARTS = {
  image: "photo",
  text: "name",
  colour: "colour",
  gender: "for whom",
  usage: "occasion",
  feedback: "your likes",
  seen: "shown lately",
  serendipity: "how new",
};

// The server writes a sentence for these; of the others a person would learn nothing.
const TOLD_BY_SERVER = new Set(["invalid-argument", "failed-precondition", "resource-exhausted", "unavailable"]);
const SENTENCES = {
  unauthenticated: "You are signed out. Reload the page to sign in again.",
  "deadline-exceeded": "That took too long. Try again.",
  "permission-denied": "That is not yours to change.",
  unauthorized: "That photo was refused: it has to be an image of at most 20 MB.",
};

/** A sentence for an error of Firebase's. */
export function sentenceFor(error) {
  const code = String(error?.code ?? "").replace(/^[a-z]+\//, "");
  const message = String(error?.message ?? "").replace(/ \[\d{3}\]$/, ""); // the SDK puts HTTP's status behind it
  if (TOLD_BY_SERVER.has(code) && message && message !== code) return message;
  return SENTENCES[code] ?? "Something went wrong here. Try again in a moment.";
}
