/** Working on one photo: its hints, its strength, and what the server makes of them. */

import { ask, post, upload } from "./api.js";
import { Divider } from "./divider.js";
import { Dots } from "./dots.js";
import { History } from "./history.js";
import { Latest } from "./latest.js";
import { colorAt, markSwatch, showSwatches } from "./palette.js";
import { nameOf, save } from "./saving.js";
import { calm, say, warn } from "./speaking.js";

const RADIUS = { least: 0.004, usual: 0.018, most: 0.08 }; // of the photo's shorter side

const $ = (selector) => document.querySelector(selector);

export class Editor {
  #about;
  #photo = null; // { file, key, name, width, height }
  #state = null; // { dots: [{ x, y, color, radius }], strength }
  #history = null;
  #selected = null;
  #radius = 1;
  #divider = new Divider($("#stage"), $("#divider"));
  #dots;
  #painting = new Latest((...args) => this.#paint(...args));
  #suggesting = new Latest((...args) => this.#suggest(...args));

  constructor(about) {
    this.#about = about;
    this.#dots = new Dots($("#dots"), {
      place: (x, y) => this.#place(x, y),
      select: (index) => this.#select(index),
      move: (index, x, y) => this.#change(index, { x, y }),
      moved: () => this.#commit(),
      remove: (index) => this.#remove(index),
    });
    $("#hints").hidden = !about.takes_hints;
    $("#no-hints").hidden = about.takes_hints;
    $("#stage").classList.toggle("no-hints", !about.takes_hints);
    this.#listen();
  }

  /** Opens a photo; what was open is thrown away, unless the new one cannot be read. */
  async open(file) {
    const { key, name, width, height } = await (await upload("api/photos", file, file.name)).json();
    const before = await (await ask(`api/photos/${key}/before`)).blob();
    this.close();
    calm();
    this.#photo = { file, key, name, width, height };
    this.#state = { dots: [], strength: 1 };
    this.#history = new History(this.#state);
    this.#radius = Math.max(1, RADIUS.usual * Math.min(width, height));
    this.#dots.size = this.#photo;
    $("#stage").parentElement.style.setProperty("--ratio", Math.min(8, Math.max(0.2, width / height)));
    $("#photo-name").textContent = name;
    $("#photo-size").textContent = `${width} × ${height}`;
    const radius = $("#radius");
    radius.min = Math.max(0.5, RADIUS.least * Math.min(width, height));
    radius.max = Math.max(2, RADIUS.most * Math.min(width, height));
    $("#after").removeAttribute("src");
    $("#after").alt = "";
    this.#divider.at = 100;
    this.#show();
    await setImage($("#before"), before);
    $("#before").alt = `${name} as it was`;
  }

  /** Colors the photo that was opened, and shows it. */
  async begin() {
    await this.#color();
    if ($("#after").getAttribute("src")) this.#divider.reveal();
  }

  close() {
    this.#painting.forget();
    this.#suggesting.forget();
    if (this.#photo) ask(`api/photos/${this.#photo.key}`, { method: "DELETE", keepalive: true }).catch(() => {});
    this.#photo = null;
  }

  #listen() {
    $("#undo").addEventListener("click", () => this.#goTo(this.#history.undo(), "Undone"));
    $("#redo").addEventListener("click", () => this.#goTo(this.#history.redo(), "Done again"));
    $("#add").addEventListener("click", () => this.#place(this.#photo.width / 2, this.#photo.height / 2));
    $("#clear").addEventListener("click", () => this.#replace([], "All hints removed"));
    $("#delete").addEventListener("click", () => this.#remove(this.#selected));
    $("#color").addEventListener("input", (event) => this.#change(this.#selected, { color: event.target.value }));
    $("#color").addEventListener("change", () => this.#commit());
    $("#radius").addEventListener("input", (event) => {
      this.#radius = Number(event.target.value);
      this.#change(this.#selected, { radius: this.#radius });
    });
    $("#radius").addEventListener("change", () => this.#commit());
    $("#strength").addEventListener("input", (event) => {
      this.#state.strength = event.target.value / 100;
      this.#redraw();
    });
    $("#strength").addEventListener("change", () => this.#commit());
    $("#save-hints").addEventListener("click", () => this.#saveHints());
    $("#load-hints").addEventListener("click", () => $("#hints-file").click());
    $("#hints-file").addEventListener("change", (event) => this.#loadHints(event.target));
    $("#download").addEventListener("click", () => this.#download());
    document.addEventListener("keydown", (event) => this.#shortcut(event));
  }

  #shortcut(event) {
    if (this.#photo === null || $("#editor").hidden || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    $(key === "y" || event.shiftKey ? "#redo" : "#undo").click();
  }

  // -- hints ----------------------------------------------------------------------------------------------------------

  #place(x, y) {
    if (!this.#about.takes_hints || !$("#after").getAttribute("src")) return;
    if (this.#state.dots.length >= this.#about.max_hints) {
      warn(`the page works with at most ${this.#about.max_hints} hints`);
      return;
    }
    const color = colorAt($("#after"), x / this.#photo.width, y / this.#photo.height);
    this.#state.dots.push({ x, y, color, radius: this.#radius });
    this.#selected = this.#state.dots.length - 1;
    this.#commit();
    this.#dots.focus(this.#selected);
    say(`Hint ${this.#state.dots.length} placed; choose its color`);
  }

  #select(index) {
    if (this.#selected === index) return;
    this.#selected = index;
    this.#radius = this.#state.dots[index].radius;
    this.#show();
    this.#askForSuggestions();
  }

  /** Changes a dot for the moment; undo does not know it before it is committed. */
  #change(index, change) {
    if (this.#state.dots[index] === undefined) return;
    Object.assign(this.#state.dots[index], change);
    this.#redraw();
  }

  #choose(color) {
    this.#change(this.#selected, { color });
    this.#commit();
  }

  #remove(index) {
    this.#state.dots.splice(index, 1);
    this.#selected = this.#state.dots.length > 0 ? Math.min(index, this.#state.dots.length - 1) : null;
    this.#commit();
    if (this.#selected === null) $("#add").focus({ preventScroll: true });
    else this.#dots.focus(this.#selected);
    say(`Hint ${index + 1} deleted`);
  }

  #replace(dots, sentence) {
    this.#state.dots = dots;
    this.#selected = null;
    this.#commit();
    say(sentence);
  }

  #commit() {
    this.#history.commit(this.#state);
    this.#redraw();
    this.#askForSuggestions();
  }

  #goTo(state, sentence) {
    if (state === null) return;
    this.#state = state;
    if (state.dots[this.#selected] === undefined) this.#selected = null;
    this.#redraw();
    this.#askForSuggestions();
    say(sentence);
  }

  #saveHints() {
    const text = JSON.stringify({ hints: this.#state.dots }, null, 2);
    save(new Blob([`${text}\n`], { type: "application/json" }), `${this.#photo.name.replace(/^.*[/\\]|\.[^.]*$/g, "")}-hints.json`);
  }

  async #loadHints(input) {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      const { hints } = await (await upload("api/hints", file, file.name)).json();
      const outside = hints.findIndex(({ x, y }) => x >= this.#photo.width || y >= this.#photo.height);
      if (outside >= 0) throw new Error(`the hints in ${file.name}: hint ${outside + 1} lies outside of this photo; is it for another one?`);
      calm();
      this.#replace(hints, `${hints.length} hints loaded`);
    } catch (error) {
      warn(error);
    }
  }

  // -- what is seen ---------------------------------------------------------------------------------------------------

  #redraw() {
    this.#show();
    this.#color();
  }

  /** Asks for the photo in its present state; the stage is busy until that is what it shows. */
  async #color() {
    $("#stage").setAttribute("aria-busy", "true");
    await this.#painting.ask(structuredClone(this.#state));
    $("#stage").setAttribute("aria-busy", "false");
  }

  #show() {
    const { dots, strength } = this.#state;
    const dot = dots[this.#selected];
    this.#dots.show(dots, this.#selected);
    $("#undo").disabled = !this.#history.canUndo;
    $("#redo").disabled = !this.#history.canRedo;
    $("#clear").disabled = $("#save-hints").disabled = dots.length === 0;
    $("#strength").value = Math.round(strength * 100);
    $("#strength-value").textContent = `${Math.round(strength * 100)} %`;
    $("#hints-help").textContent = dots.length === 0
      ? "Click the photo where you know a color, then choose it here."
      : `${dots.length} hint${dots.length === 1 ? "" : "s"}. Drag to move, click the photo for another one.`;
    $("#dot").hidden = dot === undefined;
    if (dot === undefined) return;
    $("#dot-title").textContent = `Hint ${this.#selected + 1}`;
    $("#color").value = dot.color;
    $("#color-code").textContent = dot.color;
    $("#radius").value = dot.radius;
    $("#radius-value").textContent = `${dot.radius < 10 ? dot.radius.toFixed(1) : Math.round(dot.radius)} px`;
    markSwatch($("#suggested"), dot.color);
    const used = [...new Set(dots.filter((other) => other !== dot).map(({ color }) => color))].reverse().slice(0, 8);
    $("#used-part").hidden = used.length === 0;
    showSwatches($("#used"), used.map((color) => ({ color })), dot.color, (color) => this.#choose(color));
  }

  async #paint(state) {
    const photo = this.#photo;
    if (photo === null) return;
    const late = setTimeout(() => { $("#working").hidden = false; }, 250);
    try {
      const picture = await this.#again(photo, () => post(`api/photos/${photo.key}/colored`, { hints: state.dots, strength: state.strength }));
      const blob = await picture.blob();
      if (photo !== this.#photo) return;
      await setImage($("#after"), blob);
      $("#after").alt = `${photo.name}, colored${state.dots.length ? ` with ${state.dots.length} hint${state.dots.length === 1 ? "" : "s"}` : ""}`;
      calm();
      say(state.dots.length ? "Colored with your hints" : "Colored");
    } catch (error) {
      warn(error);
    } finally {
      clearTimeout(late);
      $("#working").hidden = true;
    }
  }

  #askForSuggestions() {
    const dot = this.#state.dots[this.#selected];
    if (dot === undefined) return;
    $("#suggested").classList.add("waiting");
    this.#suggesting.ask({ x: dot.x, y: dot.y, radius: dot.radius });
  }

  async #suggest(spot) {
    const photo = this.#photo;
    if (photo === null) return;
    try {
      const answer = await this.#again(photo, () => post(`api/photos/${photo.key}/suggestions`, spot));
      const { suggestions } = await answer.json();
      const dot = this.#state.dots[this.#selected];
      if (photo !== this.#photo || dot?.x !== spot.x || dot?.y !== spot.y) return;
      $("#suggested").classList.remove("waiting");
      showSwatches($("#suggested"), suggestions, dot.color, (color) => this.#choose(color));
    } catch (error) {
      warn(error);
    }
  }

  // -- taking it home -------------------------------------------------------------------------------------------------

  async #download() {
    const button = $("#download");
    const photo = this.#photo;
    button.disabled = true;
    button.textContent = "Coloring at full size …";
    say("Coloring at full size");
    try {
      const wishes = {
        hints: this.#state.dots, strength: this.#state.strength, format: $("#format").value, metadata: $("#metadata").checked,
      };
      const response = await this.#again(photo, () => post(`api/photos/${photo.key}/file`, wishes));
      save(await response.blob(), nameOf(response, "colored.png"));
      calm();
      say("Downloaded");
    } catch (error) {
      warn(error);
    } finally {
      button.disabled = false;
      button.textContent = "Download at full size";
    }
  }

  /** Sends the photo anew if the server has thrown it away meanwhile. */
  async #again(photo, request) {
    try {
      return await request();
    } catch (error) {
      if (!error.gone) throw error;
      photo.key = (await (await upload("api/photos", photo.file, photo.name)).json()).key;
      return request();
    }
  }
}

/** Shows a picture once it is decoded, so that nothing flickers. */
async function setImage(image, blob) {
  const next = new Image();
  next.src = URL.createObjectURL(blob);
  await next.decode();
  const last = image.src;
  image.src = next.src;
  if (last) URL.revokeObjectURL(last);
}
