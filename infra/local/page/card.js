// One recommended item: its description, the reasons, and the person's opinion.

import { element, linkTo, picture } from "./dom.js";
import { because, why } from "./reasons.js";

const LEAVING_MS = 200; // the duration of the fade in style.css

export class Card {
  #buttons;
  #dismissed = false;
  #leaving;

  /**
   * `leaveOut` is called with the item's brand, `left` with this card once it has left the list, `notify` with a
   * sentence and an action to offer, `again` if the list has to be requested again.
   */
  constructor(item, { wardrobe, opinions, leaveOut, left, notify, again }) {
    Object.assign(this, { item, opinions, left, notify, again });
    const { name, brand, src, url, contributions = {}, score } = item;
    this.#buttons = {
      like: button("like", "♥\uFE0E", "Like", () => this.#toggle("like")),
      dismiss: button("dismiss", "×", "Not for me", () => this.#dismiss()),
      own: button("own", "I own it", "I own it", () => this.#toggle("own")),
    };
    this.root = element(
      "article",
      { className: "card" },
      element("div", { className: "frame" }, src ? picture(src, name) : ""),
      badge(item, wardrobe),
      element("a", { className: "name", ...linkTo(url), title: name }, withoutBrand(name, brand)),
      categoryAndBrand(item, leaveOut),
      figures(item),
      item.in_stock === false ? element("p", { className: "quiet" }, "out of stock") : "",
      element("p", { className: "reason" }, item.reason ?? ""),
      because(item.because ?? [], wardrobe),
      outfits(item.unlock),
      variants(item.variants ?? []),
      why(contributions, score),
      element("div", { className: "opinions" }, ...Object.values(this.#buttons)),
    );
    this.root.dataset.id = item.id;
    this.#show();
  }

  /** Focuses the button that dismisses, for people who go through a list with the keyboard. */
  focus() {
    this.#buttons.dismiss.focus();
  }

  #toggle(kind) {
    void this.#setOpinion(this.opinions.of(this.item.id) === kind ? undefined : kind);
  }

  #dismiss() {
    const undo = async () => {
      await this.#setOpinion(undefined);
      if (!this.root.isConnected) this.again();
    };
    void this.#setOpinion("dismiss");
    this.notify(`${this.item.name} will not be shown again.`, { label: "Undo", act: undo });
  }

  async #setOpinion(kind) {
    const saved = this.opinions.set(this.item.id, kind);
    this.#show();
    await saved;
    this.#show();
  }

  #show() {
    const opinion = this.opinions.of(this.item.id);
    for (const kind of ["like", "own"]) this.#buttons[kind].ariaPressed = String(opinion === kind);
    const dismissed = opinion === "dismiss";
    if (dismissed === this.#dismissed) return;
    this.#dismissed = dismissed;
    this.root.classList.toggle("leaving", dismissed);
    clearTimeout(this.#leaving);
    if (dismissed) this.#leaving = setTimeout(() => this.left(this), LEAVING_MS);
    else this.root.hidden = false;
  }
}

function button(className, text, label, act) {
  const made = element("button", { type: "button", className, title: label, ariaLabel: label }, text);
  made.addEventListener("click", act);
  return made;
}

function badge({ own_item_id: owned }, wardrobe) {
  if (!owned) return "";
  return element("span", { className: "badge", title: `much like ${wardrobe.nameOf(owned)}` }, "much like yours");
}

/** Returns the name without the brand, which has its own line. */
function withoutBrand(name, brand) {
  return brand && name.startsWith(`${brand} `) ? name.slice(brand.length + 1) : name;
}

function categoryAndBrand({ brand, category }, leaveOut) {
  const line = element("p", { className: "quiet kind" }, [category, brand].filter(Boolean).join(" · "));
  if (brand) line.append(button("not", "×", `Leave out ${brand}`, () => leaveOut(brand)));
  return line;
}

function figures({ price, currency }) {
  return element("p", { className: "figures" }, element("strong", {}, money(price, currency)));
}

function money(price, currency) {
  if (price == null) return "";
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(price);
  } catch {
    return `${price} ${currency ?? ""}`; // a currency that the browser does not know
  }
}

function outfits(count) {
  if (!count) return "";
  const title = "outfits with what you own of other kinds that it newly makes possible";
  return element("p", { className: "quiet", title }, `opens ${count} ${count === 1 ? "outfit" : "outfits"}`);
}

function variants(others) {
  if (!others.length) return "";
  const links = others.map(({ name, url, price, currency }) =>
    element("li", {}, element("a", linkTo(url), name), " ", money(price, currency)),
  );
  const summary = `also in ${others.length} other ${others.length === 1 ? "version" : "versions"}`;
  return element("details", { className: "more-of-it" }, element("summary", {}, summary), element("ul", {}, ...links));
}
