// One line at the foot of the page that goes by itself, but not from under somebody's pointer.

import { element, say } from "./dom.js";

const TOAST_MS = 6000;

export class Toast {
  #timer;

  constructor(root) {
    this.root = root;
    for (const come of ["pointerenter", "focusin"]) root.addEventListener(come, () => clearTimeout(this.#timer));
    for (const go of ["pointerleave", "focusout"]) root.addEventListener(go, () => this.#goSoon());
  }

  /** Shows text; `offer` ({label, act}) puts a button behind it. */
  tell(text, offer) {
    say(this.root, text);
    if (offer) this.root.append(" ", this.#button(offer));
    this.#goSoon();
  }

  #button({ label, act }) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", () => {
      say(this.root, "");
      act();
    });
    return button;
  }

  #goSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => say(this.root, ""), TOAST_MS);
  }
}
