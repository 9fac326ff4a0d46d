/** The reference photo: which one, its palette, and whether the open photo takes it. */

import { html, useEffect, useRef, useSignal } from "../vendor/preact.js";
import { request } from "../api.js";
import { withPaths } from "../lib/photo_files.js";
import { choose } from "../state/hint_actions.js";
import { recent } from "../state/library.js";
import { loadColorized, loadingReference, referenceOf, removeReference, takeReference, usePalette } from "../state/references.js";
import { checkSize, info } from "../state/server_info.js";
import { showError } from "../state/messages.js";
import { dragging } from "../state/view.js";
import { pickFromReference } from "./reference_dialog.js";
import { Swatches } from "./swatches.js";

const MAX_RECENT = 6;

export function ReferencePanel({ photo }) {
  const isChanging = useSignal(false);
  const reference = referenceOf(photo);
  const take = async (source) => {
    await takeReference(photo, source);
    isChanging.value = false;
  };
  const takeFile = (file) => {
    try {
      checkSize(file);
    } catch (error) {
      showError(error);
      return;
    }
    take({ id: `file ${file.name} ${file.size} ${file.lastModified}`, name: file.name, loadFile: async () => file });
  };
  const onDrop = (event) => {
    event.preventDefault();
    event.stopPropagation(); // elsewhere, dropped photos are opened
    dragging.value = false;
    const [entry] = withPaths(event.dataTransfer.files);
    if (entry) takeFile(entry.file);
  };
  const hasSources = reference === null || isChanging.value;
  return html`
    <div id="reference" role="group" aria-labelledby="reference-title" aria-busy=${loadingReference.value !== ""} onDrop=${onDrop}>
      <div class="row spread">
        <h4 id="reference-title">Reference photo</h4>
        ${reference && html`
          <div class="row tight">
            <button type="button" id="change-reference" class="borderless small" aria-expanded=${hasSources}
              onClick=${() => { isChanging.value = !isChanging.value; }}>Change</button>
            <button type="button" id="remove-reference" class="borderless small" onClick=${() => removeReference(photo)}>Remove</button>
          </div>`}
      </div>
      ${reference && html`<${Reference} photo=${photo} reference=${reference} />`}
      ${hasSources && html`<${Sources} photo=${photo} onTake=${take} onFile=${takeFile} />`}
      ${dragging.value && html`<p class="drop-here" aria-hidden="true">Drop a photo here to take its colors</p>`}
    </div>`;
}

function Reference({ photo, reference }) {
  const isUsed = photo.settings.value.reference === reference.id;
  return html`
    <div class="reference">
      <img src=${reference.image.src} alt="Reference photo ${reference.name}" title=${reference.name} />
      <${Swatches} id="reference-colors" title="Its main colors" colors=${reference.colors.map((color) => ({ color }))}
        selected=${photo.hint.value?.color} onSelect=${(color) => choose({ color })} />
    </div>
    <label class="checkbox"><input type="checkbox" id="use-palette" checked=${isUsed}
      onChange=${(event) => usePalette(photo, event.currentTarget.checked)} /> <span>Give the photo these colors</span></label>
    <button type="button" id="pick-from-reference" class="small" onClick=${() => pickFromReference(reference, (color) => choose({ color }))}>
      Pick a color from it…</button>`;
}

/** Recent photos as they are colored here, so that a series of photos can get the same colors. */
function recentSources(photo) {
  const others = recent.value.map((entry) => entry.photo).filter((other) => other && other !== photo && other.stage.value === "done");
  return others.slice(0, MAX_RECENT).filter((other) => other.thumbnail.value !== "").map((other) => (
    { id: `photo ${other.id} ${other.work}`, name: other.name, src: other.thumbnail.value, loadFile: () => loadColorized(other) }));
}

function Sources({ photo, onTake, onFile }) {
  const input = useRef();
  useEffect(() => { recent.value.slice(0, 2 * MAX_RECENT).forEach((entry) => entry.photo?.loadThumbnail()); }, [recent.value]);
  const onChange = () => {
    const [file] = input.current.files;
    if (file) onFile(file);
    input.current.value = "";
  };
  const samples = info.value.samples.map(({ name, credit, color_url: url }) => (
    { id: url, name, title: `${name} (${credit})`, src: url, loadFile: async () => (await request(url)).blob() }));
  return html`
    <p class="muted">${loadingReference.value ? `Looking at the colors of ${loadingReference.value}…` : "Choose or drop a photo whose colors this one shall take, or try one of these:"}</p>
    <div class="sources">
      ${[...recentSources(photo), ...samples].map((source) => html`
        <button type="button" class="source" key=${source.id} title=${source.title ?? source.name} aria-label="Take the colors of ${source.name}"
          onClick=${() => onTake(source)}><img src=${source.src} alt="" /></button>`)}
    </div>
    <button type="button" id="choose-reference" class="small" onClick=${() => input.current.click()}>Choose a reference photo…</button>
    <input type="file" id="reference-input" ref=${input} accept="image/*" hidden aria-label="Reference photo" onChange=${onChange} />`;
}
