// The reasons for a recommendation, as a card shows them.

import { element, picture } from "./dom.js";
import { PARTS } from "./sentences.js";

const LEAST_SHOWN = 0.005; // smaller values would be shown as 0.00

const PLACES = { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "negative" };
const figure = new Intl.NumberFormat("en", PLACES);

/** Formats a number with two decimals and a true minus sign. */
export function inPlaces(number) {
  return figure.format(number).replace("-", "−");
}

/** Creates small pictures of the owned items that are the reason, which lead to them. */
export function because(owned, wardrobe) {
  const thumbs = owned.map(({ itemId, similarity }) => thumb(itemId, similarity, wardrobe));
  return element("div", { className: "because", role: "group", ariaLabel: "because of" }, ...thumbs);
}

/** Creates a list of the parts of the score, each with a bar, the largest first. */
export function why(contributions, score) {
  const parts = Object.entries(contributions).filter(([, value]) => Math.abs(value) >= LEAST_SHOWN);
  parts.sort(([, one], [, other]) => Math.abs(other) - Math.abs(one));
  const rows = parts.map(([name, value]) => row(name, value, Math.abs(parts[0][1])));
  const sum = element("li", { className: "sum" }, element("span", {}, "fit"), element("span", {}, inPlaces(score)));
  const list = element("ul", {}, ...rows, sum);
  return element("details", { className: "more-of-it" }, element("summary", {}, "Why"), list);
}

function row(name, value, most) {
  const className = value < 0 ? "against" : "for";
  const bar = element("meter", { className, max: most, value: Math.abs(value), ariaHidden: "true" });
  const number = element("span", {}, `${value < 0 ? "" : "+"}${inPlaces(value)}`);
  return element("li", {}, element("span", {}, PARTS[name] ?? name), bar, number);
}

function thumb(itemId, similarity, wardrobe) {
  const title = `because of ${wardrobe.nameOf(itemId)} (${similarity.toFixed(2)})`;
  const button = element("button", { type: "button", className: "thumb", title, ariaLabel: title });
  button.addEventListener("click", () => wardrobe.reveal(itemId));
  void wardrobe.photoOf(itemId).then((src) => src && button.append(picture(src, "")));
  return button;
}
