/** The reference photo: which one, its palette, and whether the open photo takes it. */

import { html, useRef, useSignal } from "../vendor/preact.js";
import { withPaths } from "../lib/photo_files.js";
import { choose } from "../state/hint_actions.js";
import { loadingReference, referenceOf, removeReference, takeReference, usePalette } from "../state/references.js";
import { checkSize, info } from "../state/server_info.js";
import { showError } from "../state/messages.js";
import { dragging } from "../state/view.js";
import { pickFromReference } from "./reference_dialog.js";
import { Swatches } from "./swatches.js";

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
      ${hasSources && html`<${Sources} onTake=${take} onFile=${takeFile} />`}
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

function Sources({ onTake, onFile }) {
  const input = useRef();
  const onChange = () => {
    const [file] = input.current.files;
    if (file) onFile(file);
    input.current.value = "";
  };
  const takeSample = ({ name, color_url: url }) => onTake({ id: url, name, loadFile: async () => (await fetch(url)).blob() });
  return html`
    <p class="muted">${loadingReference.value ? `Looking at the colors of ${loadingReference.value}…` : "Choose or drop a photo whose colors this one shall take, or try one of these:"}</p>
    <div class="thumbnails">
      ${info.value.samples.map((sample) => html`
        <button type="button" class="thumbnail" title="${sample.name} (${sample.credit})" aria-label="Take the colors of ${sample.name}"
          onClick=${() => takeSample(sample)}><img src=${sample.color_url} alt="" loading="lazy" /></button>`)}
    </div>
    <button type="button" id="choose-reference" class="small" onClick=${() => input.current.click()}>Choose a reference photo…</button>
    <input type="file" id="reference-input" ref=${input} accept="image/*" hidden aria-label="Reference photo" onChange=${onChange} />`;
}
