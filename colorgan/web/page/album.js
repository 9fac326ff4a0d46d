/** Many photos: uploaded one by one and colorized into an archive, with a list of failures. */

import { postJSON, upload } from "./api.js";
import { announce, clearError, pluralize, showError, toSentence } from "./notifications.js";

const $ = (selector) => document.querySelector(selector);

export class Album {
  #info;
  #photos = [];
  #abort = null;

  constructor(info) {
    this.#info = info;
    $("#album-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#colorize();
    });
    $("#album-strength").addEventListener("input", (event) => {
      $("#album-strength-value").textContent = `${event.target.value}%`;
    });
    $("#album-stop").addEventListener("click", () => this.#abort?.abort());
  }

  /** Shows the selected photos. In a folder, hidden files and files with other extensions are skipped. */
  open(files, isFolder) {
    this.close();
    const isHidden = ({ path }) => path.split("/").some((part) => part.startsWith("."));
    const isPhoto = ({ path }) => this.#info.extensions.some((extension) => path.toLowerCase().endsWith(extension));
    this.#photos = files.filter((entry) => !isFolder || (!isHidden(entry) && isPhoto(entry)));
    this.#photos.sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
    const numSkipped = files.length - this.#photos.length;
    if (this.#photos.length === 0) throw new Error("this folder contains no photos");
    $("#album-title").textContent = `${pluralize(this.#photos.length, "photo")} to colorize`;
    $("#album-skipped").textContent = `${pluralize(numSkipped, "other file")} skipped.`;
    $("#album-skipped").hidden = numSkipped === 0;
    $("#album-form").hidden = false;
    $("#album-job").hidden = true;
  }

  close() {
    this.#abort?.abort();
    this.#abort = null;
  }

  async #colorize() {
    const abort = new AbortController();
    this.#abort = abort;
    $("#album-form").hidden = true;
    $("#album-job").hidden = false;
    $("#album-stop").hidden = false;
    $("#album-download").hidden = true;
    $("#album-failures").hidden = true;
    $("#album-failures ul").replaceChildren();
    $("#album-progress").max = this.#photos.length;
    let key;
    let numDone = 0;
    let numColorized = 0;
    try {
      const options = {
        strength: $("#album-strength").value / 100, format: $("#album-format").value, metadata: $("#album-metadata").checked,
      };
      ({ key } = await (await postJSON("api/albums", options)).json());
      clearError();
      for (const { file, path } of this.#photos) {
        this.#showProgress(numDone, path);
        numColorized += await this.#add(key, file, path, abort.signal);
        numDone += 1;
      }
    } catch (error) {
      if (error.name !== "AbortError") showError(error);
    }
    if (this.#abort !== abort) return;
    this.#finish(key, numDone, numColorized);
  }

  /** Adds a photo to the archive; returns 1 on success, 0 if it is listed as a failure. */
  async #add(key, file, path, signal) {
    try {
      checkSize(file, path, this.#info);
      await upload(`api/albums/${key}/photos`, file, path, { signal });
      return 1;
    } catch (error) {
      if (![408, 413, 422].includes(error.status)) throw error;
      const item = document.createElement("li");
      item.textContent = toSentence(error.message);
      $("#album-failures ul").append(item);
      $("#album-failures").hidden = false;
      return 0;
    }
  }

  #showProgress(numDone, path) {
    $("#album-progress").value = numDone;
    $("#album-title").textContent = `Colorizing ${pluralize(this.#photos.length, "photo")}`;
    $("#album-status").textContent = `${numDone} done, now ${path}`;
    if (numDone % 10 === 0) announce(`${numDone} of ${this.#photos.length} photos done`);
  }

  #finish(key, numDone, numColorized) {
    const numLeft = this.#photos.length - numDone;
    const summary = `${numColorized} of ${pluralize(this.#photos.length, "photo")} colorized`;
    $("#album-progress").value = numDone;
    $("#album-title").textContent = summary;
    $("#album-status").textContent = numLeft > 0 ? `${numLeft} not started.` : "";
    $("#album-stop").hidden = true;
    $("#album-download").hidden = numColorized === 0;
    $("#album-download").href = `api/albums/${key}/archive`;
    if (numColorized > 0) $("#album-download").focus({ preventScroll: true });
    announce(summary);
  }
}

/** Throws an error with status 413, like the server, if a file is too large to upload. */
export function checkSize(file, path, info) {
  if (file.size <= info.max_bytes) return;
  const limit = Number((info.max_bytes / 1e6).toPrecision(3));
  const message = `cannot upload ${path}: the photo exceeds the limit of ${limit} MB; send a smaller one`;
  throw Object.assign(new Error(message), { status: 413 });
}
