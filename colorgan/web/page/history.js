/** States of the drawing, to go back and forth between. */
export class History {
  #past = [];
  #future = [];
  #now;

  constructor(state) {
    this.#now = JSON.stringify(state);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Remembers a state, if it is another one. */
  commit(state) {
    const next = JSON.stringify(state);
    if (next === this.#now) return;
    this.#past.push(this.#now);
    this.#now = next;
    this.#future = [];
  }

  undo() {
    return this.#step(this.#past, this.#future);
  }

  redo() {
    return this.#step(this.#future, this.#past);
  }

  #step(from, to) {
    if (from.length === 0) return null;
    to.push(this.#now);
    this.#now = from.pop();
    return JSON.parse(this.#now);
  }
}
