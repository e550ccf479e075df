// The wardrobe: a card for each item, updated in place so that typing is not interrupted.

import { element, picture, showText } from "./dom.js";
import { BADGES, HINTS } from "./sentences.js";

const LARGEST_PHOTO = 20_000_000;
const NAMELESS = "Name it";
// The server's colour names that CSS does not have.
const COLOURS = {
  "navy blue": "#23305c",
  beige: "#d8c6a4",
  blue: "#3f73b8",
  brown: "#704a30",
  green: "#2f7d53",
  olive: "#6b6d40",
};

export class Wardrobe {
  #items = new Map();
  #states = new Map();
  #cards = new Map();
  #photos = new Map(); // photo path -> promise of its URL

  constructor({ backend, grid, drop, files, count, report, readyChanged }) {
    Object.assign(this, { backend, grid, drop, count, report, readyChanged });
    files.addEventListener("change", () => this.#add([...files.files]).finally(() => (files.value = "")));
    this.#acceptDrops();
    backend.watchItems((items) => this.#show((this.#items = items)), report);
    backend.watchStates((states) => this.#show((this.#states = states)), report);
  }

  nameOf(id) {
    return this.#items.get(id)?.name || this.#states.get(id)?.suggested_name || "an item";
  }

  /** Returns the URL of an item's thumbnail, before there is one of its photo; undefined if there is none either. */
  async photoOf(id) {
    const { photo_path: photo, secure_url: url } = this.#items.get(id) ?? {};
    const path = this.#states.get(id)?.thumbnails?.[640] ?? photo;
    if (!path) return url || undefined;
    if (!this.#photos.has(path)) this.#photos.set(path, this.backend.photoUrl(path));
    return this.#photos.get(path).catch(() => void this.#photos.delete(path)); // not uploaded yet: try again later
  }

  reveal(id) {
    const card = this.#cards.get(id)?.root;
    card?.scrollIntoView({ behavior: "smooth", block: "center" });
    card?.animate([{ outline: "3px solid var(--accent)" }, { outline: "3px solid transparent" }], 1600);
  }

  #show() {
    for (const [id, card] of this.#cards) if (!this.#items.has(id)) this.#discard(id, card);
    for (const [id, item] of this.#items) {
      if (!this.#cards.has(id)) this.#cards.set(id, this.#newCard(id));
      this.#fill(this.#cards.get(id), id, item, this.#states.get(id) ?? {});
    }
    const ready = [...this.#items.keys()].filter((id) => this.#states.get(id)?.status === "ready").sort();
    this.count.textContent = `${ready.length} of ${this.#items.size} ready`;
    this.readyChanged(ready.map((id) => [id, this.#states.get(id)]));
  }

  #discard(id, card) {
    card.root.remove();
    this.#cards.delete(id);
  }

  #newCard(id) {
    const frame = element("div", { className: "frame" });
    const badge = element("span", { className: "badge" });
    const [name, brand] = ["name", "brand"].map((field) => this.#input(id, field));
    const detail = element("p", { className: "quiet detail" });
    const hint = element("p", { className: "quiet hint", hidden: true });
    const remove = element("button", { type: "button", className: "remove", title: "Delete", ariaLabel: "Delete" }, "×");
    remove.addEventListener("click", () => this.#remove(id));
    const root = element("article", { className: "card" }, frame, badge, remove, name, brand, detail, hint);
    this.grid.append(root);
    return { root, frame, badge, name, brand, detail, hint };
  }

  #fill(card, id, item, state) {
    const status = BADGES[state.status] ? state.status : "waiting_for_photo";
    card.badge.textContent = BADGES[status];
    card.root.dataset.status = status;
    for (const field of ["name", "brand"]) {
      if (card[field] !== document.activeElement) card[field].value = item[field] ?? "";
    }
    card.name.placeholder = state.suggested_name || NAMELESS;
    const words = status === "failed" ? (state.error?.message ?? "") : (state.category ?? "");
    card.detail.replaceChildren(words, ...(state.colours ?? []).map(swatch));
    showText(card.hint, HINTS[state.hint] ?? "");
    if (status !== "waiting_for_photo") void this.#fillPhoto(card, id);
  }

  async #fillPhoto(card, id) {
    const src = await this.photoOf(id);
    if (!src || card.src === src) return;
    card.src = src;
    card.frame.replaceChildren(picture(src, this.nameOf(id)));
  }

  #input(id, field) {
    const label = field === "name" ? NAMELESS : "Brand";
    const input = element("input", { className: field, placeholder: label, ariaLabel: label, maxLength: 100 });
    input.addEventListener("change", () =>
      this.backend.rename(id, { [field]: input.value.trim() }).catch(this.report),
    );
    input.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") input.value = this.#items.get(id)?.[field] ?? "";
      if (key === "Enter" || key === "Escape") input.blur();
    });
    return input;
  }

  #remove(id) {
    if (confirm(`Delete ${this.nameOf(id)} and its photo?`)) this.backend.remove(id).catch(this.report);
  }

  async #add(files) {
    for (const file of files) {
      const problem = file.size > LARGEST_PHOTO ? `${file.name} is larger than 20 MB.` : "";
      if (problem) this.report(problem);
      else await this.backend.add(file).catch(this.report);
    }
  }

  #acceptDrops() {
    const over = (on) => (event) => {
      event.preventDefault();
      this.drop.classList.toggle("over", on);
    };
    document.addEventListener("dragover", over(true));
    document.addEventListener("dragleave", over(false));
    document.addEventListener("drop", (event) => {
      over(false)(event);
      void this.#add([...event.dataTransfer.files]);
    });
  }
}

function swatch(name) {
  const made = element("span", { className: "swatch", title: name });
  made.style.background = COLOURS[name] ?? name; // a property, not markup, so that no name can break out of it
  return made;
}
