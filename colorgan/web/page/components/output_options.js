/** Format and metadata of what is downloaded; the last choice is kept while the page is open. */

import { html, signal } from "../vendor/preact.js";

export const outputOptions = signal({ format: "png", metadata: false });

const set = (change) => { outputOptions.value = { ...outputOptions.value, ...change }; };

/** @param prefix of the ids. */
export function OutputOptions({ prefix = "", metadataLabel = "Keep the photo’s metadata" }) {
  const { format, metadata } = outputOptions.value;
  return html`
    <label>Format
      <select id="${prefix}format" value=${format} onChange=${(event) => set({ format: event.currentTarget.value })}>
        <option value="png">PNG, lossless</option><option value="jpeg">JPEG, smaller</option></select></label>
    <label class="checkbox" title="Date, camera, location…">
      <input type="checkbox" id="${prefix}metadata" checked=${metadata} onChange=${(event) => set({ metadata: event.currentTarget.checked })} />
      ${" "}${metadataLabel}</label>`;
}
