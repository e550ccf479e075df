// The person's opinions of recommended items: shown at once, and sent to the server one after the other.

export class Opinions {
  #latest = new Map(); // item -> its latest opinion
  #saved = new Map(); // item -> the opinion on the server
  #queues = new Map(); // item -> its last request: they must not overtake each other

  constructor({ feedback, report }) {
    Object.assign(this, { feedback, report });
  }

  /** Returns "like", "dismiss" or "own"; undefined if there is no opinion on this page. */
  of(id) {
    return this.#latest.get(id);
  }

  /** Sets the opinion of an item, or clears it with undefined; resolves once it is saved, or the error reported. */
  set(id, kind) {
    this.#latest.set(id, kind);
    const turn = (this.#queues.get(id) ?? Promise.resolve()).then(() => this.#save(id, kind));
    this.#queues.set(id, turn);
    return turn;
  }

  async #save(id, kind) {
    if (this.#latest.get(id) !== kind) return; // there is a newer opinion
    try {
      await this.feedback({ itemId: id, kind: kind ?? "clear" });
      this.#saved.set(id, kind);
    } catch (error) {
      if (this.#latest.get(id) === kind) this.#latest.set(id, this.#saved.get(id));
      this.report(error);
    }
  }
}
