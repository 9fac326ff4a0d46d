/** Format and metadata of what is downloaded; the last choice is kept while the page is open. */

import { html, signal } from "../vendor/preact.js";

export const outputOptions = signal({ format: "png", metadata: false });

const set = (change) => { outputOptions.value = { ...outputOptions.value, ...change }; };

/** The album's options, one below the other. */
export function OutputOptions({ prefix = "", metadataLabel }) {
  return html`
    <label>Format <${FormatSelect} prefix=${prefix} /></label>
    <${MetadataCheckbox} prefix=${prefix} label=${metadataLabel} />`;
}

/** @param prefix of the id. */
export function FormatSelect({ prefix = "", label }) {
  return html`
    <select id="${prefix}format" aria-label=${label} value=${outputOptions.value.format}
      onChange=${(event) => set({ format: event.currentTarget.value })}>
      <option value="png">PNG, lossless</option><option value="jpeg">JPEG, smaller</option></select>`;
}

export function MetadataCheckbox({ prefix = "", label = "Keep the photo’s metadata" }) {
  return html`
    <label class="checkbox" title="Date, camera, location…">
      <input type="checkbox" id="${prefix}metadata" checked=${outputOptions.value.metadata}
        onChange=${(event) => set({ metadata: event.currentTarget.checked })} />
      <span>${label}</span></label>`;
}
