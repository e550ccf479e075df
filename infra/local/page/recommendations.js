// The list of recommendations, in pages; requested again when the wardrobe or a control changes.

import { Card } from "./card.js";
import { showText } from "./dom.js";
import { sentenceFor } from "./sentences.js";

const COUNT = 20;
const EMPTY = "Add a photo of something you own. As soon as it is ready, what fits it shows here.";
const NOTHING = "Nothing in the catalog fits these filters. Choose fewer.";
const MOVED_ON = "The catalog has changed. The list continues with the new one.";

export class Recommendations {
  #seed;
  #cursor;
  #requests = 0; // only the answer to the latest request is shown
  #any = false;
  #cards = [];

  constructor({ backend, wardrobe, opinions, controls, grid, notice, more, refresh, notify }) {
    Object.assign(this, { backend, controls, grid, notice, more });
    this.ofCards = {
      wardrobe,
      opinions,
      notify,
      leaveOut: (brand) => controls.leaveOut(brand),
      left: (card) => this.#left(card),
      again: () => void this.again(),
    };
    more.addEventListener("click", () => this.#ask({ cursor: this.#cursor }));
    refresh.addEventListener("click", () => {
      this.#seed = Math.floor(Math.random() * 2 ** 31);
      void this.again();
    });
  }

  /** Requests the list again; `any` is whether there is a ready item. */
  async update(any) {
    this.#any = any;
    if (any) return this.#ask({});
    this.#requests += 1;
    this.#cards = [];
    this.grid.replaceChildren();
    this.more.hidden = true;
    return this.#notify(EMPTY);
  }

  /** Requests the list again for the same wardrobe. */
  async again() {
    return this.update(this.#any);
  }

  async #ask(extra) {
    const request = ++this.#requests;
    const continued = "cursor" in extra;
    this.grid.classList.add("asking");
    try {
      const seed = this.#seed === undefined ? {} : { seed: this.#seed };
      const answer = await this.backend.recommend({ count: COUNT, ...seed, ...this.controls.request(), ...extra });
      if (request === this.#requests) this.#show(answer, continued);
    } catch (error) {
      if (request === this.#requests) this.#notify(sentenceFor(error), continued);
    } finally {
      if (request === this.#requests) this.grid.classList.remove("asking");
    }
  }

  #show({ items, cursor, seed, moved_on: movedOn }, continued) {
    this.#cursor = cursor;
    this.#seed = seed;
    this.more.hidden = !cursor;
    const cards = items.map((item) => new Card(item, this.ofCards));
    this.#cards = continued ? [...this.#cards, ...cards] : cards;
    if (!continued) this.grid.replaceChildren();
    this.grid.append(...cards.map(({ root }) => root));
    this.#notify(this.#cards.length ? (movedOn ? MOVED_ON : "") : NOTHING, continued);
    this.controls.offer(items.map((item) => item.category));
  }

  /** Shows a notice: under the list if it was continued, else above it. */
  #notify(text, continued = false) {
    if (continued) this.grid.after(this.notice);
    else this.grid.before(this.notice);
    showText(this.notice, text);
  }

  /** Hides a card but keeps its place, in case it comes back; the focus moves to the next one. */
  #left(card) {
    const focused = card.root.contains(document.activeElement);
    card.root.hidden = true;
    const shown = this.#cards.filter(({ root }) => !root.hidden);
    if (!shown.length) void this.again();
    else if (focused) (shown.find((other) => isBefore(card.root, other.root)) ?? shown.at(-1)).focus();
  }
}

function isBefore(node, other) {
  return Boolean(node.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
}
