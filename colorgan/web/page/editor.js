/** The editor of a single photo: hints, strength, preview and download. */

import { postJSON, request, upload } from "./api.js";
import { ComparisonSlider } from "./comparison_slider.js";
import { fileName, saveBlob } from "./download.js";
import { HintLayer } from "./hint_layer.js";
import { History } from "./history.js";
import { LatestTask } from "./latest_task.js";
import { announce, clearError, pluralize, showError } from "./notifications.js";
import { colorAt, markSwatch, showSwatches } from "./swatches.js";

const RADIUS = { min: 0.004, default: 0.018, max: 0.08 }; // of the photo's shorter side
const BUSY_DELAY = 250; // milliseconds before the progress bar is shown

const $ = (selector) => document.querySelector(selector);

export class Editor {
  #info;
  #photo = null; // { file, key, name, width, height }
  #state = null; // { hints: [{ x, y, color, radius }], strength }
  #history = null;
  #selected = null;
  #radius = 1;
  #slider = new ComparisonSlider($("#stage"), $("#comparison-slider"));
  #hintLayer;
  #previewTask = new LatestTask((state) => this.#loadPreview(state));
  #suggestionTask = new LatestTask((spot) => this.#loadSuggestions(spot));

  constructor(info) {
    this.#info = info;
    this.#hintLayer = new HintLayer($("#hint-layer"), {
      add: (x, y) => this.#addHint(x, y),
      select: (index) => this.#selectHint(index),
      move: (index, x, y) => this.#changeHint(index, { x, y }),
      commit: () => this.#commit(),
      remove: (index) => this.#removeHint(index),
    });
    $("#hint-tools").hidden = !info.takes_hints;
    $("#no-hints").hidden = info.takes_hints;
    $("#stage").classList.toggle("without-hints", !info.takes_hints);
    this.#addListeners();
  }

  /** Uploads and shows a photo. If that fails, the previous photo stays open. */
  async open(file) {
    const { key, name, width, height } = await (await upload("api/photos", file, file.name)).json();
    const original = await (await request(`api/photos/${key}/original`)).blob();
    this.close();
    clearError();
    this.#photo = { file, key, name, width, height };
    this.#state = { hints: [], strength: 1 };
    this.#history = new History(this.#state);
    const shorterSide = Math.min(width, height);
    this.#radius = Math.max(1, RADIUS.default * shorterSide);
    this.#hintLayer.size = this.#photo;
    $("#stage").parentElement.style.setProperty("--aspect-ratio", Math.min(8, Math.max(0.2, width / height)));
    $("#photo-name").textContent = name;
    $("#photo-size").textContent = `${width} × ${height}`;
    $("#hint-size").min = Math.max(0.5, RADIUS.min * shorterSide);
    $("#hint-size").max = Math.max(2, RADIUS.max * shorterSide);
    $("#colorized").removeAttribute("src");
    $("#colorized").alt = "";
    this.#slider.position = 100;
    this.#render();
    await setImage($("#original"), original);
    $("#original").alt = `${name}, original`;
  }

  /** Colorizes the open photo and reveals the result. */
  async colorizeAndReveal() {
    await this.#updatePreview();
    if ($("#colorized").getAttribute("src")) this.#slider.reveal();
  }

  close() {
    this.#previewTask.cancel();
    this.#suggestionTask.cancel();
    if (this.#photo) request(`api/photos/${this.#photo.key}`, { method: "DELETE", keepalive: true }).catch(() => {});
    this.#photo = null;
  }

  #addListeners() {
    $("#undo").addEventListener("click", () => this.#restore(this.#history.undo(), "Undone"));
    $("#redo").addEventListener("click", () => this.#restore(this.#history.redo(), "Redone"));
    $("#add-hint").addEventListener("click", () => this.#addHint(this.#photo.width / 2, this.#photo.height / 2));
    $("#remove-hints").addEventListener("click", () => this.#replaceHints([], "All hints removed"));
    $("#delete-hint").addEventListener("click", () => this.#removeHint(this.#selected));
    $("#hint-color").addEventListener("input", (event) => this.#changeHint(this.#selected, { color: event.target.value }));
    $("#hint-color").addEventListener("change", () => this.#commit());
    $("#hint-size").addEventListener("input", (event) => {
      this.#radius = Number(event.target.value);
      this.#changeHint(this.#selected, { radius: this.#radius });
    });
    $("#hint-size").addEventListener("change", () => this.#commit());
    $("#strength").addEventListener("input", (event) => {
      this.#state.strength = event.target.value / 100;
      this.#update();
    });
    $("#strength").addEventListener("change", () => this.#commit());
    $("#save-hints").addEventListener("click", () => this.#saveHints());
    $("#load-hints").addEventListener("click", () => $("#hints-input").click());
    $("#hints-input").addEventListener("change", (event) => this.#loadHints(event.target));
    $("#download").addEventListener("click", () => this.#download());
    document.addEventListener("keydown", (event) => this.#handleShortcut(event));
  }

  #handleShortcut(event) {
    if (this.#photo === null || $("#editor").hidden || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    $(key === "y" || event.shiftKey ? "#redo" : "#undo").click();
  }

  // -- hints ----------------------------------------------------------------------------------------------------------

  #addHint(x, y) {
    if (!this.#info.takes_hints || !$("#colorized").getAttribute("src")) return;
    if (this.#state.hints.length >= this.#info.max_hints) {
      showError(new Error(`the page supports at most ${this.#info.max_hints} hints`));
      return;
    }
    const color = colorAt($("#colorized"), x / this.#photo.width, y / this.#photo.height);
    this.#state.hints.push({ x, y, color, radius: this.#radius });
    this.#selected = this.#state.hints.length - 1;
    this.#commit();
    this.#hintLayer.focus(this.#selected);
    announce(`Hint ${this.#state.hints.length} added; choose its color`);
  }

  #selectHint(index) {
    if (this.#selected === index) return;
    this.#selected = index;
    this.#radius = this.#state.hints[index].radius;
    this.#render();
    this.#requestSuggestions();
  }

  /** Changes a hint without adding a step to the history; call #commit when the change is complete. */
  #changeHint(index, change) {
    if (this.#state.hints[index] === undefined) return;
    Object.assign(this.#state.hints[index], change);
    this.#update();
  }

  #chooseColor(color) {
    this.#changeHint(this.#selected, { color });
    this.#commit();
  }

  #removeHint(index) {
    this.#state.hints.splice(index, 1);
    this.#selected = this.#state.hints.length > 0 ? Math.min(index, this.#state.hints.length - 1) : null;
    this.#commit();
    if (this.#selected === null) $("#add-hint").focus({ preventScroll: true });
    else this.#hintLayer.focus(this.#selected);
    announce(`Hint ${index + 1} deleted`);
  }

  #replaceHints(hints, message) {
    this.#state.hints = hints;
    this.#selected = null;
    this.#commit();
    announce(message);
  }

  #commit() {
    this.#history.commit(this.#state);
    this.#update();
    this.#requestSuggestions();
  }

  #restore(state, message) {
    if (state === null) return;
    this.#state = state;
    if (state.hints[this.#selected] === undefined) this.#selected = null;
    this.#update();
    this.#requestSuggestions();
    announce(message);
  }

  #saveHints() {
    const text = JSON.stringify({ hints: this.#state.hints }, null, 2);
    const stem = this.#photo.name.replace(/^.*[/\\]|\.[^.]*$/g, "");
    saveBlob(new Blob([`${text}\n`], { type: "application/json" }), `${stem}-hints.json`);
  }

  async #loadHints(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      const { hints } = await (await upload("api/hints", file, file.name)).json();
      const outside = hints.findIndex(({ x, y }) => x >= this.#photo.width || y >= this.#photo.height);
      if (outside >= 0) throw new Error(`hints file ${file.name}: hint ${outside + 1} lies outside this photo; choose the hints file made for it`);
      clearError();
      this.#replaceHints(hints, `${pluralize(hints.length, "hint")} loaded`);
    } catch (error) {
      showError(error);
    }
  }

  // -- rendering ------------------------------------------------------------------------------------------------------

  #update() {
    this.#render();
    this.#updatePreview();
  }

  /** Requests a preview of the current state; the stage is marked as busy until it is shown. */
  async #updatePreview() {
    $("#stage").setAttribute("aria-busy", "true");
    await this.#previewTask.call(structuredClone(this.#state));
    $("#stage").setAttribute("aria-busy", "false");
  }

  #render() {
    const { hints, strength } = this.#state;
    const hint = hints[this.#selected];
    this.#hintLayer.show(hints, this.#selected);
    $("#undo").disabled = !this.#history.canUndo;
    $("#redo").disabled = !this.#history.canRedo;
    $("#remove-hints").disabled = $("#save-hints").disabled = hints.length === 0;
    $("#strength").value = Math.round(strength * 100);
    $("#strength-value").textContent = `${Math.round(strength * 100)}%`;
    $("#hints-help").textContent = hints.length === 0
      ? "Click the photo to place a hint, then choose its color here."
      : `${pluralize(hints.length, "hint")}. Drag to move, or click the photo to add another.`;
    $("#selected-hint").hidden = hint === undefined;
    if (hint === undefined) return;
    $("#selected-hint-title").textContent = `Hint ${this.#selected + 1}`;
    $("#hint-color").value = hint.color;
    $("#hint-color-code").textContent = hint.color;
    $("#hint-size").value = hint.radius;
    $("#hint-size-value").textContent = `${hint.radius < 10 ? hint.radius.toFixed(1) : Math.round(hint.radius)} px`;
    markSwatch($("#suggested-colors"), hint.color);
    const used = [...new Set(hints.filter((other) => other !== hint).map(({ color }) => color))].reverse().slice(0, 8);
    $("#used-colors-section").hidden = used.length === 0;
    showSwatches($("#used-colors"), used.map((color) => ({ color })), hint.color, (color) => this.#chooseColor(color));
  }

  async #loadPreview(state) {
    const photo = this.#photo;
    if (photo === null) return;
    const timer = setTimeout(() => { $("#busy-bar").hidden = false; }, BUSY_DELAY);
    try {
      const response = await this.#withReupload(photo, () => postJSON(`api/photos/${photo.key}/colorized`, state));
      const blob = await response.blob();
      if (photo !== this.#photo) return;
      await setImage($("#colorized"), blob);
      const count = state.hints.length;
      $("#colorized").alt = `${photo.name}, colorized${count > 0 ? ` with ${pluralize(count, "hint")}` : ""}`;
      clearError();
      announce(count > 0 ? "Colorized with your hints" : "Colorized");
    } catch (error) {
      showError(error);
    } finally {
      clearTimeout(timer);
      $("#busy-bar").hidden = true;
    }
  }

  #requestSuggestions() {
    const hint = this.#state.hints[this.#selected];
    if (hint === undefined) return;
    $("#suggested-colors").classList.add("loading");
    this.#suggestionTask.call({ x: hint.x, y: hint.y, radius: hint.radius });
  }

  async #loadSuggestions(spot) {
    const photo = this.#photo;
    if (photo === null) return;
    try {
      const response = await this.#withReupload(photo, () => postJSON(`api/photos/${photo.key}/suggestions`, spot));
      const { suggestions } = await response.json();
      const hint = this.#state.hints[this.#selected];
      if (photo !== this.#photo || hint?.x !== spot.x || hint?.y !== spot.y) return;
      $("#suggested-colors").classList.remove("loading");
      showSwatches($("#suggested-colors"), suggestions, hint.color, (color) => this.#chooseColor(color));
    } catch (error) {
      showError(error);
    }
  }

  // -- download -------------------------------------------------------------------------------------------------------

  async #download() {
    const button = $("#download");
    const photo = this.#photo;
    button.disabled = true;
    button.textContent = "Colorizing at full size…";
    announce("Colorizing at full size");
    try {
      const options = { ...this.#state, format: $("#format").value, metadata: $("#metadata").checked };
      const response = await this.#withReupload(photo, () => postJSON(`api/photos/${photo.key}/download`, options));
      saveBlob(await response.blob(), fileName(response, "colorized.png"));
      clearError();
      announce("Downloaded");
    } catch (error) {
      showError(error);
    } finally {
      button.disabled = false;
      button.textContent = "Download at full size";
    }
  }

  /** Sends a request; if the session has expired, uploads the photo again and repeats the request. */
  async #withReupload(photo, send) {
    try {
      return await send();
    } catch (error) {
      if (!error.expired) throw error;
      photo.key = (await (await upload("api/photos", photo.file, photo.name)).json()).key;
      return send();
    }
  }
}

/** Shows an image after it is decoded, to avoid flicker. */
async function setImage(image, blob) {
  const next = new Image();
  next.src = URL.createObjectURL(blob);
  await next.decode();
  const previous = image.src;
  image.src = next.src;
  if (previous) URL.revokeObjectURL(previous);
}
