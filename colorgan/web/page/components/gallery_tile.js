/** One photo of an album: click opens it, its checkbox selects it, and keys do both. */

import { html, useComputed, useEffect } from "../vendor/preact.js";
import { albumPhotos } from "../state/album.js";
import { downloadPhoto, making } from "../state/downloads.js";
import { openPhoto } from "../state/opening.js";
import { clear, cursor, extendTo, moveTo, selectAll, selected, toggle } from "../state/selection.js";
import { Icon } from "./icons.js";
import { outputOptions } from "./output_options.js";

const STATES = { waiting: "waiting", running: "being colorized", done: "colorized", failed: "not colorized" };

export function GalleryTile({ photo, index }) {
  useEffect(() => { photo.loadThumbnail(); }, [photo]);
  const stage = photo.stage.value;
  const isSelected = useComputed(() => selected.value.has(photo.id)).value;
  const tabIndex = useComputed(() => (cursor.value === index ? 0 : -1)).value; // one stop for the Tab key; arrow keys do the rest
  const name = photo.name.replace(/^.*\//, "");
  const onClick = (event) => {
    if (event.shiftKey) extendTo(index);
    else if (event.ctrlKey || event.metaKey) toggle(index);
    else openPhoto(photo);
  };
  const onCheck = (event) => {
    if (event.shiftKey) extendTo(index);
    else toggle(index);
    event.currentTarget.checked = selected.value.has(photo.id);
  };
  return html`
    <li class="tile ${stage} ${isSelected ? "selected" : ""}">
      <button type="button" class="thumbnail" data-index=${index} tabindex=${tabIndex} title=${photo.problem.value || photo.name}
        aria-label="Edit ${photo.name}, ${STATES[stage]}${isSelected ? ", selected" : ""}" onClick=${onClick} onFocus=${() => moveTo(index)}>
        ${photo.thumbnail.value ? html`<img src=${photo.thumbnail.value} alt="" draggable=${false} />` : html`<span class="no-picture">${name}</span>`}
      </button>
      <label class="select"><input type="checkbox" tabindex=${tabIndex} checked=${isSelected} aria-label="Select ${photo.name}" onClick=${onCheck} /></label>
      ${stage === "done" && html`
        <button type="button" class="download icon" tabindex=${tabIndex} aria-label="Download ${photo.name}" title="Download" disabled=${making.value !== null}
          onClick=${() => downloadPhoto(photo, outputOptions.value)}><${Icon} name="download" /></button>`}
      <span class="name">${name}</span>
      ${photo.isEdited && html`<span class="edited" title="Has hints or settings of its own">edited</span>`}
    </li>`;
}

/** Arrow keys, Home and End move between photos, with Shift they select; Space selects, Ctrl+A all, Escape none. */
export function onGalleryKey(event) {
  const tile = event.target.closest(".tile > .thumbnail");
  if (tile === null) return;
  const index = Number(tile.dataset.index);
  const last = albumPhotos.value.length - 1;
  const targets = {
    ArrowLeft: index - 1, ArrowRight: index + 1, ArrowUp: index - numColumns(), ArrowDown: index + numColumns(), Home: 0, End: last,
  };
  if (event.key in targets) {
    const target = moveTo(targets[event.key]);
    if (event.shiftKey) extendTo(target);
    focusTile(target);
  } else if (event.key === " ") toggle(index);
  else if (event.key === "Escape") clear();
  else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) selectAll();
  else return;
  event.preventDefault();
}

/** Moves the focus to a photo, and scrolls to it. */
export function focusTile(index) {
  document.querySelector(`#gallery .thumbnail[data-index="${index}"]`)?.focus();
}

function numColumns() {
  const tiles = [...document.querySelectorAll("#gallery > .tile")];
  return tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
}
