// A line at the foot of the page that disappears after a while, but not under the pointer.

import { element, showText } from "./dom.js";

const TOAST_MS = 6000;

export class Toast {
  #timer;

  constructor(root) {
    this.root = root;
    for (const come of ["pointerenter", "focusin"]) root.addEventListener(come, () => clearTimeout(this.#timer));
    for (const go of ["pointerleave", "focusout"]) root.addEventListener(go, () => this.#goSoon());
  }

  /** Shows text; `offer` ({label, act}) adds a button. */
  notify(text, offer) {
    showText(this.root, text);
    if (offer) this.root.append(" ", this.#button(offer));
    this.#goSoon();
  }

  #button({ label, act }) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => {
      showText(this.root, "");
      act();
    });
    return button;
  }

  #goSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => showText(this.root, ""), TOAST_MS);
  }
}
