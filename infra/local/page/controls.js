// The controls of a list: sliders, filters, categories, and brands to leave out.

import { element } from "./dom.js";
import { requestOf } from "./request.js";

export class Controls {
  #categories = new Set();
  #chosen = new Set();
  #brandsOut = new Set();

  /** `changed` is called with the new request once a control is released. */
  constructor({ form, chips, brands, reset, changed }) {
    Object.assign(this, { form, chips, brands, changed });
    form.addEventListener("input", () => this.#showDials());
    form.addEventListener("change", () => this.changed(this.request()));
    reset.addEventListener("click", () => this.#reset());
    this.#showDials();
  }

  request() {
    return requestOf(Object.fromEntries(new FormData(this.form)), this.#chosen, this.#brandsOut);
  }

  /** Adds a chip for each category seen so far, so that a choice does not hide the others. */
  offer(categories) {
    const before = this.#categories.size;
    for (const category of categories) if (category) this.#categories.add(category);
    if (this.#categories.size !== before) this.#showCategories();
  }

  leaveOut(brand) {
    this.#brandsOut.add(brand);
    this.#showBrands();
    this.changed(this.request());
  }

  #reset() {
    this.form.reset();
    this.#chosen.clear();
    this.#brandsOut.clear();
    this.#showDials();
    this.#showCategories();
    this.#showBrands();
    this.changed(this.request());
  }

  #showDials() {
    for (const output of this.form.querySelectorAll("output")) {
      const dial = this.form.elements[output.htmlFor];
      output.value = dial.ariaValueText = `${Math.round(dial.value * 100)} %`;
    }
  }

  #showCategories() {
    this.chips.replaceChildren(...[...this.#categories].sort().map((category) => this.#categoryChip(category)));
  }

  #categoryChip(category) {
    const chip = element("button", { type: "button", ariaPressed: String(this.#chosen.has(category)) }, category);
    chip.addEventListener("click", () => {
      const on = !this.#chosen.delete(category);
      if (on) this.#chosen.add(category);
      chip.ariaPressed = String(on);
      this.changed(this.request());
    });
    return chip;
  }

  #showBrands() {
    this.brands.replaceChildren(...[...this.#brandsOut].sort().map((brand) => this.#brandChip(brand)));
    this.brands.hidden = !this.#brandsOut.size;
  }

  #brandChip(brand) {
    const title = `Show ${brand} again`;
    const chip = element("button", { type: "button", title, ariaLabel: title }, `not ${brand} ×`);
    chip.addEventListener("click", () => {
      this.#brandsOut.delete(brand);
      this.#showBrands();
      this.changed(this.request());
    });
    return chip;
  }
}
