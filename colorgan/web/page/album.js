/** Many photos: sent one by one, colored into an archive, with a list of those that could not be. */

import { post, upload } from "./api.js";
import { calm, capitalised, say, warn } from "./speaking.js";

const $ = (selector) => document.querySelector(selector);
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

export class Album {
  #about;
  #photos = [];
  #stop = null;

  constructor(about) {
    this.#about = about;
    $("#album-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#color();
    });
    $("#album-strength").addEventListener("input", (event) => {
      $("#album-strength-value").textContent = `${event.target.value} %`;
    });
    $("#album-stop").addEventListener("click", () => this.#stop?.abort());
  }

  /** Shows what was brought; of a folder, only what may be photos counts. */
  open(files, folder) {
    this.close();
    const hidden = ({ path }) => path.split("/").some((part) => part.startsWith("."));
    const known = ({ path }) => this.#about.endings.some((ending) => path.toLowerCase().endsWith(ending));
    this.#photos = files.filter((entry) => !folder || (!hidden(entry) && known(entry)));
    this.#photos.sort((one, other) => one.path.localeCompare(other.path, undefined, { numeric: true }));
    const skipped = files.length - this.#photos.length;
    if (this.#photos.length === 0) throw new Error("there are no photos in this folder");
    $("#album-title").textContent = `${count(this.#photos.length, "photo")} to color`;
    $("#album-skipped").textContent = `${count(skipped, "other file")} left out.`;
    $("#album-skipped").hidden = skipped === 0;
    $("#album-form").hidden = false;
    $("#album-work").hidden = true;
  }

  close() {
    this.#stop?.abort();
    this.#stop = null;
  }

  async #color() {
    const stop = new AbortController();
    this.#stop = stop;
    $("#album-form").hidden = true;
    $("#album-work").hidden = false;
    $("#album-stop").hidden = false;
    $("#album-download").hidden = true;
    $("#album-failed").hidden = true;
    $("#album-failed ul").replaceChildren();
    $("#album-progress").max = this.#photos.length;
    let key;
    let done = 0;
    let colored = 0;
    try {
      const wishes = {
        strength: $("#album-strength").value / 100, format: $("#album-format").value, metadata: $("#album-metadata").checked,
      };
      ({ key } = await (await post("api/albums", wishes)).json());
      calm();
      for (const { file, path } of this.#photos) {
        this.#progress(done, path);
        colored += await this.#send(key, file, path, stop.signal);
        done += 1;
      }
    } catch (error) {
      if (error.name !== "AbortError") warn(error);
    }
    if (this.#stop !== stop) return;
    this.#finish(key, done, colored);
  }

  /** Sends a photo; says 1 if it is in the archive. */
  async #send(key, file, path, signal) {
    try {
      if (file.size > this.#about.max_bytes) throw Object.assign(new Error(`cannot take ${path}: ${tooLarge(this.#about)}`), { status: 413 });
      await upload(`api/albums/${key}/photos`, file, path, { signal });
      return 1;
    } catch (error) {
      if (![413, 422].includes(error.status)) throw error;
      const item = document.createElement("li");
      item.textContent = capitalised(error.message);
      $("#album-failed ul").append(item);
      $("#album-failed").hidden = false;
      return 0;
    }
  }

  #progress(done, path) {
    $("#album-progress").value = done;
    $("#album-title").textContent = `Coloring ${count(this.#photos.length, "photo")}`;
    $("#album-state").textContent = `${done} done; now ${path}`;
    if (done % 10 === 0) say(`${done} of ${this.#photos.length} photos done`);
  }

  #finish(key, done, colored) {
    const left = this.#photos.length - done;
    const sentence = `${colored} of ${count(this.#photos.length, "photo")} colored`;
    $("#album-progress").value = done;
    $("#album-title").textContent = sentence;
    $("#album-state").textContent = left > 0 ? `${left} not begun.` : "";
    $("#album-stop").hidden = true;
    $("#album-download").hidden = colored === 0;
    $("#album-download").href = `api/albums/${key}/archive`;
    if (colored > 0) $("#album-download").focus({ preventScroll: true });
    say(sentence);
  }
}

/** Why a file is not even sent. */
export function tooLarge(about) {
  return `a photo may have at most ${Number((about.max_bytes / 1e6).toPrecision(3))} MB here; send a smaller one`;
}
