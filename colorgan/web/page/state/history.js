/** Undo and redo, for a state that can be serialized as JSON. */
export class History {
  #past = [];
  #future = [];
  #current;

  constructor(state) {
    this.#current = JSON.stringify(state);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Adds a state, unless it equals the current one. */
  commit(state) {
    const next = JSON.stringify(state);
    if (next === this.#current) return;
    this.#past.push(this.#current);
    this.#current = next;
    this.#future = [];
  }

  /** Returns the previous state, and forgets the current one. */
  retract() {
    this.#current = this.#past.pop();
    return JSON.parse(this.#current);
  }

  /** Returns the previous state, or null if there is none. */
  undo() {
    return this.#step(this.#past, this.#future);
  }

  /** Returns the state that was undone last, or null if there is none. */
  redo() {
    return this.#step(this.#future, this.#past);
  }

  #step(from, to) {
    if (from.length === 0) return null;
    to.push(this.#current);
    this.#current = from.pop();
    return JSON.parse(this.#current);
  }
}
