/** The panel of the download, at full size. */

import { html } from "../vendor/preact.js";
import { downloadPhoto, making } from "../state/downloads.js";
import { OutputOptions, outputOptions } from "./output_options.js";

export function DownloadPanel({ photo }) {
  const isRunning = making.value !== null;
  return html`
    <section aria-labelledby="output-title">
      <h3 id="output-title" class="visually-hidden">Output</h3>
      <${OutputOptions} />
      <button type="button" id="download" class="primary wide" disabled=${isRunning}
        onClick=${() => downloadPhoto(photo, outputOptions.value)}>
        ${isRunning ? "Colorizing at full size…" : "Download at full size"}</button>
    </section>`;
}
