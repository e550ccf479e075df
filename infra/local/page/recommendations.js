// What fits the wardrobe: asked for again whenever the wardrobe changes, page by page.

import { element, picture, say, webAddress } from "./dom.js";
import { sentenceFor } from "./sentences.js";

const COUNT = 20;
const FRESH = 0.6; // how far Refresh strays from the best fit, 0 to 1: with less, hardly anything changes
const EMPTY = "Add a photo of something you own. As soon as it is ready, what fits it shows here.";
const NOTHING = "Nothing in the catalog fits these filters. Choose fewer.";

export class Recommendations {
  #seed;
  #cursor;
  #refreshed = false;
  #asked = 0; // only the latest question's answer is shown
  #categories = new Set();
  #chosen = new Set();
  #any = false;

  constructor({ backend, wardrobe, grid, chips, notice, more, refresh, version }) {
    Object.assign(this, { backend, wardrobe, grid, chips, notice, more, version });
    more.addEventListener("click", () => this.#ask({ cursor: this.#cursor }));
    refresh.addEventListener("click", () => {
      this.#seed = Math.floor(Math.random() * 2 ** 31);
      this.#refreshed = true;
      void this.update(this.#any);
    });
  }

  /** Ask anew; `any` says whether there is anything to go by. */
  async update(any) {
    this.#any = any;
    if (any) return this.#ask({});
    this.#asked += 1;
    this.grid.replaceChildren();
    this.more.hidden = true;
    return say(this.notice, EMPTY);
  }

  async #ask(extra) {
    const question = ++this.#asked;
    this.grid.classList.add("asking");
    try {
      const answer = await this.backend.recommend({ count: COUNT, ...this.#filters(), ...extra });
      if (question === this.#asked) this.#show(answer, "cursor" in extra);
    } catch (error) {
      if (question === this.#asked) say(this.notice, sentenceFor(error));
    } finally {
      if (question === this.#asked) this.grid.classList.remove("asking");
    }
  }

  #filters() {
    return {
      ...(this.#seed === undefined ? {} : { seed: this.#seed }),
      ...(this.#refreshed ? { explore: FRESH } : {}),
      ...(this.#chosen.size ? { categories: [...this.#chosen] } : {}),
    };
  }

  #show({ items, cursor, seed, index_version: version }, continued) {
    this.#cursor = cursor;
    this.#seed = seed;
    this.more.hidden = !cursor;
    this.version.textContent = version ? `index ${version}` : "";
    if (!continued) this.grid.replaceChildren();
    this.grid.append(...items.map((item) => this.#card(item)));
    say(this.notice, this.grid.childElementCount ? "" : NOTHING);
    this.#offer(items.map((item) => item.category));
  }

  #card({ id, name, brand, src, url, price, currency, category, score, because = [] }) {
    const link = webAddress(url);
    const target = link ? { href: link, target: "_blank", rel: "noopener noreferrer" } : {};
    const thumbs = because.map(({ itemId, similarity }) => this.#thumb(itemId, similarity));
    const card = element(
      "article",
      { className: "card" },
      element("div", { className: "frame" }, src ? picture(src, name) : ""),
      element("a", { className: "name", ...target, title: name }, withoutBrand(name, brand)),
      element("p", { className: "quiet" }, [brand, category].filter(Boolean).join(" · ")),
      element("p", { className: "figures" }, element("strong", {}, money(price, currency)), fit(score)),
      element("div", { className: "because", ariaLabel: "because of" }, ...thumbs),
    );
    card.dataset.id = id;
    return card;
  }

  #thumb(itemId, similarity) {
    const title = `because of ${this.wardrobe.nameOf(itemId)} (${similarity.toFixed(2)})`;
    const button = element("button", { type: "button", className: "thumb", title, ariaLabel: title });
    button.addEventListener("click", () => this.wardrobe.reveal(itemId));
    void this.wardrobe.photoOf(itemId).then((src) => src && button.append(picture(src, "")));
    return button;
  }

  /** A chip for every category that was ever seen, so that a choice does not hide the others. */
  #offer(categories) {
    const before = this.#categories.size;
    for (const category of categories) if (category) this.#categories.add(category);
    if (this.#categories.size === before) return;
    this.chips.replaceChildren(...[...this.#categories].sort().map((category) => this.#chip(category)));
  }

  #chip(category) {
    const chip = element("button", { type: "button", ariaPressed: String(this.#chosen.has(category)) }, category);
    chip.addEventListener("click", () => {
      const on = !this.#chosen.delete(category);
      if (on) this.#chosen.add(category);
      chip.ariaPressed = String(on);
      void this.update(this.#any);
    });
    return chip;
  }
}

/** The brand has its own line. */
function withoutBrand(name, brand) {
  return brand && name.startsWith(`${brand} `) ? name.slice(brand.length + 1) : name;
}

function money(price, currency) {
  if (price == null) return "";
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(price);
  } catch {
    return `${price} ${currency ?? ""}`; // not a currency that the browser knows
  }
}

function fit(score) {
  return element("span", { className: "fit", title: "how well it fits, by the index" }, `fit ${score.toFixed(2)}`);
}
