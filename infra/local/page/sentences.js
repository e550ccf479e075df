// The texts of the page for states of items, parts of scores, and errors.

export const BADGES = {
  waiting_for_photo: "waiting for its photo",
  processing: "looking at it",
  ready: "ready",
  failed: "not usable",
};

/** The text of each hint in an item's state. */
export const HINTS = {
  unsure_garment: "This may not be a garment. A photo that shows one clearly gives better recommendations.",
  unclear_photo: "This photo is hard to read. A larger, brighter one from the front gives better recommendations.",
};

/** The texts of the parts of a score; others are shown by their names. */
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

// The server's messages for these are for people, those of other codes are not.
const TOLD_BY_SERVER = new Set(["invalid-argument", "failed-precondition", "resource-exhausted", "unavailable"]);
const SENTENCES = {
  unauthenticated: "You are signed out. Reload the page to sign in again.",
  "deadline-exceeded": "That took too long. Try again.",
  "permission-denied": "That is not yours to change.",
  unauthorized: "That photo was refused: it has to be an image of at most 20 MB.",
};

/** Returns the text for an error of Firebase. */
export function sentenceFor(error) {
  const code = String(error?.code ?? "").replace(/^[a-z]+\//, "");
  const message = String(error?.message ?? "").replace(/ \[\d{3}\]$/, ""); // the SDK appends the HTTP status
  if (TOLD_BY_SERVER.has(code) && message && message !== code) return message;
  return SENTENCES[code] ?? "Something went wrong here. Try again in a moment.";
}
