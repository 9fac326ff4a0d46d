/** A photo with what the browser keeps of it: the file, hints and settings, and a thumbnail. */

import { signal } from "../vendor/preact.js";
import * as database from "../lib/database.js";
import { LatestTask } from "../lib/latest_task.js";
import { PhotoDocument } from "./photo_document.js";
import { storing } from "./storage.js";

let numPhotos = 0;

/** An identifier that no other tab uses; `crypto.randomUUID` is missing on pages without HTTPS. */
export const newId = () => `${Date.now().toString(36)}-${(++numPhotos).toString(36)}-${Math.random().toString(36).slice(2, 8)}`;

export class KeptPhoto extends PhotoDocument {
  /** URL of the thumbnail, or "". */
  thumbnail = signal("");
  /** In an album: "waiting", "running", "done" or "failed"; then `problem` says why. */
  stage = signal("waiting");
  problem = signal("");

  #saving = new LatestTask(() => this.#store());
  #file;
  #thumbnailBlob = null;
  #isLoading = false;
  #isForgotten = false;

  /**
   * @param file the photo, or null if the database has it.
   * @param record what the database has of it, except for files: id, albumId, order, name, width, height, hints, settings, downloaded,
   *   changed (milliseconds since 1970), isColorized. All but the name are optional.
   */
  constructor(file, record) {
    super(null, { name: record.name, width: record.width, height: record.height, key: null }, record);
    this.#file = file;
    this.id = record.id ?? newId();
    this.albumId = record.albumId ?? null;
    this.order = record.order ?? 0;
    this.changed = signal(record.changed ?? Date.now());
    this.downloaded = signal(record.downloaded ?? "");
    if (record.isColorized) this.stage.value = "done";
    this.isStored = file === null;
  }

  /** Hints and settings as in requests, in JSON. */
  get work() {
    return JSON.stringify({ hints: this.hints.value, ...this.changedSettings });
  }

  get isEdited() {
    return this.hints.value.length > 0 || Object.keys(this.changedSettings).length > 0;
  }

  /** Whether there are hints or settings with which the photo was not downloaded yet. */
  get isUnsaved() {
    return this.isEdited && this.work !== this.downloaded.value;
  }

  /** The photo itself. Once the database has a copy, that one is used: the user may move the file. */
  async loadFile() {
    const file = this.#file ?? (await database.get("files", this.id));
    if (!file) throw new Error(`this browser no longer has ${this.name}; choose the photo again`);
    return file;
  }

  /** Stores the photo with its file. */
  async storeFile() {
    const file = this.#file;
    if (file === null) return;
    const copy = await database.copyOf(file).catch(() => null); // the user has just removed it
    if (copy === null) return;
    const isStored = await storing(this.name, () => database.change([["files", this.id, copy], ["photos", this.id, this.#record]]));
    if (!isStored) return;
    this.isStored = true;
    if (this.#isForgotten) {
      await storing(this.name, () => database.change(this.forget()));
      return;
    }
    this.#file = null;
    if (this.#thumbnailBlob) await storing(this.name, () => database.put("thumbnails", this.id, this.#thumbnailBlob));
    await this.save();
  }

  /** Stores all but the file; resolves when the latest state is stored. */
  save() {
    return this.#saving.call();
  }

  async #store() {
    if (this.isStored) await storing(this.name, () => database.put("photos", this.id, this.#record)); // else it could not be opened again
  }

  get #record() {
    const { id, albumId, order, name, width, height } = this;
    return {
      id, albumId, order, name, width, height, changed: this.changed.value, hints: this.hints.value, settings: this.changedSettings,
      downloaded: this.downloaded.value, isColorized: this.stage.value === "done",
    };
  }

  async setThumbnail(blob) {
    this.#showThumbnail(blob);
    if (this.isStored) await storing(this.name, () => database.put("thumbnails", this.id, blob));
  }

  /** Shows the stored thumbnail. */
  async loadThumbnail() {
    if (this.thumbnail.value !== "" || this.#isLoading || !this.isStored) return;
    this.#isLoading = true;
    const blob = await database.get("thumbnails", this.id).catch(() => null);
    if (blob && this.thumbnail.value === "") this.#showThumbnail(blob);
    this.#isLoading = false;
  }

  #showThumbnail(blob) {
    if (this.thumbnail.value) URL.revokeObjectURL(this.thumbnail.value);
    this.#thumbnailBlob = this.isStored ? null : blob;
    this.thumbnail.value = URL.createObjectURL(blob);
  }

  /** Stores nothing of it any more; returns the changes that remove it from the database. */
  forget() {
    URL.revokeObjectURL(this.thumbnail.value);
    this.#isForgotten = true; // also while it is being stored
    if (!this.isStored) return [];
    this.isStored = false;
    return ["photos", "files", "thumbnails"].map((store) => [store, this.id]);
  }
}
