/** The open album: its photos as tiles, the progress, and downloads of some or all. */

import { html, useEffect, useRef, useSignal } from "../vendor/preact.js";
import { pluralize } from "../lib/text.js";
import * as album from "../state/album.js";
import { downloadArchive, downloadPhoto, making } from "../state/downloads.js";
import { clear, cursor, selectAll, selectedPhotos } from "../state/selection.js";
import { focusTile, GalleryTile, onGalleryKey } from "./gallery_tile.js";
import { OutputOptions, outputOptions } from "./output_options.js";
import { Slider } from "./slider.js";

let shownLast = null; // the album that was shown last

export function Gallery() {
  const title = useRef();
  const opened = album.album.value;
  const photos = album.albumPhotos.value;
  useEffect(() => {
    if (opened === shownLast) focusTile(cursor.value); // the user comes back from a photo
    else title.current.focus({ preventScroll: true });
    shownLast = opened;
  }, [opened]);
  return html`
    <section id="album" aria-labelledby="album-title">
      <div class="gallery-head">
        <div>
          <h2 id="album-title" tabindex="-1" ref=${title}>${opened.name}</h2>
          <${Status} numSkipped=${opened.numSkipped} />
        </div>
        <${Progress} total=${photos.length} />
      </div>
      <${Actions} photos=${photos} />
      <ul id="gallery" class="gallery" aria-labelledby="album-title" onKeyDown=${onGalleryKey}>
        ${photos.map((photo, index) => html`<${GalleryTile} key=${photo.id} photo=${photo} index=${index} />`)}
      </ul>
      <${Failures} photos=${photos} />
    </section>`;
}

function Status({ numSkipped }) {
  const total = album.albumPhotos.value.length;
  const text = album.isRunning.value ? `Colorizing, ${total - album.numWaiting.value} of ${total} done.` : `${album.summary()}.`;
  return html`
    <p class="muted"><span id="album-status">${text}</span>${" "}
      ${numSkipped > 0 && html`<span id="album-skipped">${pluralize(numSkipped, "other file")} skipped.</span>`}</p>`;
}

function Progress({ total }) {
  const isRunning = album.isRunning.value;
  if (album.numWaiting.value === 0) return null;
  return html`
    <div class="row gallery-progress">
      <progress id="album-progress" value=${total - album.numWaiting.value} max=${total} aria-label="Photos done" />
      ${isRunning ? html`<button type="button" id="album-stop" class="small" onClick=${album.stopAlbum}>Stop</button>`
        : html`<button type="button" id="album-resume" class="small" onClick=${album.colorAlbum}>Go on</button>`}
    </div>`;
}

/** What concerns the selected photos, or all if none is selected. */
function Actions({ photos }) {
  const selected = selectedPhotos.value;
  const chosen = selected.length > 0 ? selected : photos;
  const which = selected.length > 0 ? `${selected.length} selected` : `all ${photos.length}`;
  const download = () => (chosen.length === 1 ? downloadPhoto(chosen[0], outputOptions.value) : downloadArchive(chosen, outputOptions.value));
  return html`
    <div class="gallery-bar">
      <div class="row">
        ${making.value === null ? html`
          <button type="button" id="album-download" class="primary" onClick=${download}>Download ${which}</button>`
          : html`<${Making} />`}
        <button type="button" id="select-all" class="small" onClick=${selectAll} disabled=${selected.length === photos.length}>Select all</button>
        ${selected.length > 0 && html`<button type="button" id="select-none" class="small" onClick=${clear}>None</button>`}
      </div>
      <${Options} chosen=${chosen} which=${which} />
    </div>`;
}

function Making() {
  const { numDone, total, abort } = making.value;
  if (total === undefined) return html`<p role="status">Colorizing at full size…</p>`;
  return html`
    <p>Colorizing at full size, ${numDone + 1} of ${total}</p>
    <progress aria-label="Photos in the archive" value=${numDone} max=${total} />
    <button type="button" id="archive-stop" class="small" onClick=${() => abort.abort()}>Stop</button>`;
}

function Options({ chosen, which }) {
  const draft = useSignal(null); // the strength while the slider moves
  const strengths = new Set(chosen.map((photo) => photo.settings.value.strength));
  const percent = draft.value ?? Math.round(100 * (strengths.size === 1 ? [...strengths][0] : 1));
  const text = strengths.size === 1 || draft.value !== null ? `${percent}%` : "mixed";
  const apply = () => {
    if (draft.value !== null) album.changeSettings(chosen, { strength: draft.value / 100 });
    draft.value = null;
  };
  return html`
    <details class="gallery-options">
      <summary>Options</summary>
      <${Slider} id="album-strength" label="Strength of ${which}" min=${0} max=${200} value=${percent} text=${text}
        onInput=${(value) => { draft.value = value; }} onChange=${apply} />
      <${OutputOptions} prefix="album-" metadataLabel="Keep the photos’ metadata" />
    </details>`;
}

function Failures({ photos }) {
  const failed = photos.filter(({ stage }) => stage.value === "failed");
  if (failed.length === 0) return null;
  return html`
    <div id="album-failures"><h3>Not colorized</h3><ul>${failed.map((photo) => html`<li key=${photo.id}>${photo.problem.value}</li>`)}</ul></div>`;
}
