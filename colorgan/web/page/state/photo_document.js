/** A photo that is being edited: the file, its hints, its settings and their history. */

import { computed, signal } from "../vendor/preact.js";
import { History } from "./history.js";

/** Settings of the look; the server has the same defaults. */
export const DEFAULT_SETTINGS = Object.freeze({ strength: 1, warmth: 0, reference: null, mix: null });

/** Default radius of a hint, as a part of the photo's shorter side. */
export const DEFAULT_RADIUS = 1 / 50;

let numDocuments = 0;

export class PhotoDocument {
  /** Tells documents apart, also those of the same file. */
  number = ++numDocuments;

  #history;
  #past = signal(0); // changes with the history, which is no signal

  /** Hints, as in a hints file: dots, strokes and areas. Replace them by `change`; never change one in place. */
  hints = signal([]);
  settings = signal(DEFAULT_SETTINGS);
  /** Index of the selected hint, or null. */
  selected = signal(null);

  hint = computed(() => this.hints.value[this.selected.value] ?? null);
  canUndo = computed(() => this.#past.value >= 0 && this.#history.canUndo);
  canRedo = computed(() => this.#past.value >= 0 && this.#history.canRedo);

  /**
   * @param file the photo as chosen by the user.
   * @param photo { name, width, height, key }; the key names the upload on the server, and changes when the server forgets it.
   */
  constructor(file, { name, width, height, key }, { hints = [], settings = {} } = {}) {
    Object.assign(this, { file, name, width, height, key });
    this.hints.value = hints;
    this.settings.value = { ...DEFAULT_SETTINGS, ...settings };
    this.#history = new History(this.#state());
  }

  /** Default radius of a hint, in pixels of the photo. */
  get radius() {
    return Math.max(1, DEFAULT_RADIUS * Math.min(this.width, this.height));
  }

  /** Changes hints or settings without adding a step to the history; call `commit` when the change is complete. */
  change({ hints, settings }) {
    if (hints) this.hints.value = hints;
    if (settings) this.settings.value = { ...this.settings.value, ...settings };
  }

  /** Changes one hint without adding a step to the history. */
  changeHint(index, change) {
    if (this.hints.value[index] === undefined) return;
    this.hints.value = this.hints.value.map((hint, other) => (other === index ? { ...hint, ...change } : hint));
  }

  addHint(hint) {
    this.hints.value = [...this.hints.value, hint];
    this.selected.value = this.hints.value.length - 1;
    this.commit();
  }

  removeHint(index) {
    this.hints.value = this.hints.value.filter((_, other) => other !== index);
    this.selected.value = this.hints.value.length > 0 ? Math.min(index, this.hints.value.length - 1) : null;
    this.commit();
  }

  replaceHints(hints) {
    this.hints.value = hints;
    this.selected.value = null;
    this.commit();
  }

  /** Makes the current hints and settings a step of the history. */
  commit() {
    this.#history.commit(this.#state());
    this.#past.value += 1;
  }

  /** Takes back the last step, as if it had never been made. */
  retract() {
    return this.#restore(this.#history.retract());
  }

  undo() {
    return this.#restore(this.#history.undo());
  }

  redo() {
    return this.#restore(this.#history.redo());
  }

  /** The settings that differ from the defaults, for requests. */
  get changedSettings() {
    return Object.fromEntries(Object.entries(this.settings.value).filter(([key, value]) => value !== DEFAULT_SETTINGS[key]));
  }

  #state() {
    return { hints: this.hints.value, settings: this.settings.value };
  }

  /** Whether there was a state to restore. */
  #restore(state) {
    if (state === null) return false;
    this.change(state);
    if (this.hint.value === null) this.selected.value = null;
    this.#past.value += 1;
    return true;
  }
}
