/** The panel of the download, at full size. */

import { html, useSignal } from "../vendor/preact.js";
import { fileName, saveBlob } from "../lib/download.js";
import { announce, clearError, showError } from "../state/messages.js";
import { postColorization } from "../state/references.js";
import { FormatSelect, MetadataCheckbox, outputOptions } from "./output_options.js";

export function DownloadPanel({ photo }) {
  const isRunning = useSignal(false);
  const download = async () => {
    isRunning.value = true;
    announce("Colorizing at full size");
    try {
      const options = { hints: photo.hints.value, ...photo.changedSettings, ...outputOptions.value };
      const response = await postColorization(photo, "download", options);
      saveBlob(await response.blob(), fileName(response, "colorized.png"));
      clearError();
      announce("Downloaded");
    } catch (error) {
      showError(error);
    } finally {
      isRunning.value = false;
    }
  };
  return html`
    <section class="output" aria-labelledby="output-title">
      <h3 id="output-title" class="visually-hidden">Output</h3>
      <${MetadataCheckbox} />
      <div class="row">
        <${FormatSelect} label="Format" />
        <button type="button" id="download" class="primary" disabled=${isRunning.value} title="Download at full size" onClick=${download}>
          ${isRunning.value ? "Colorizing…" : "Download"}</button>
      </div>
    </section>`;
}
