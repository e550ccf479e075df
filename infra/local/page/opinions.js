// What the person says of recommended items: shown at once, kept by the server one after the other.

export class Opinions {
  #said = new Map(); // item -> what was said of it last
  #kept = new Map(); // item -> what the server has of it
  #lines = new Map(); // item -> the end of its queue: answers that overtake each other would leave what was said first

  constructor({ feedback, report }) {
    Object.assign(this, { feedback, report });
  }

  /** "like", "dismiss" or "own"; undefined where nothing was said on this page. */
  of(id) {
    return this.#said.get(id);
  }

  /** Says `kind` of an item, undefined to take back what was said; done when it is kept, or told why it is not. */
  say(id, kind) {
    this.#said.set(id, kind);
    const turn = (this.#lines.get(id) ?? Promise.resolve()).then(() => this.#keep(id, kind));
    this.#lines.set(id, turn);
    return turn;
  }

  async #keep(id, kind) {
    if (this.#said.get(id) !== kind) return; // the person has changed their mind meanwhile
    try {
      await this.feedback({ itemId: id, kind: kind ?? "clear" });
      this.#kept.set(id, kind);
    } catch (error) {
      if (this.#said.get(id) === kind) this.#said.set(id, this.#kept.get(id));
      this.report(error);
    }
  }
}
