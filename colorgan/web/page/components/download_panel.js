/** The panel of the download, at full size. */

import { html } from "../vendor/preact.js";
import { downloadPhoto, making } from "../state/downloads.js";
import { FormatSelect, MetadataCheckbox, outputOptions } from "./output_options.js";

export function DownloadPanel({ photo }) {
  const isRunning = making.value !== null;
  return html`
    <section class="output" aria-labelledby="output-title">
      <h3 id="output-title" class="visually-hidden">Output</h3>
      <${MetadataCheckbox} />
      <div class="row">
        <${FormatSelect} label="Format" />
        <button type="button" id="download" class="primary" disabled=${isRunning} title="Download at full size"
          onClick=${() => downloadPhoto(photo, outputOptions.value)}>
          ${isRunning ? "Colorizing…" : "Download"}</button>
      </div>
    </section>`;
}
