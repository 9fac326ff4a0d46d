/** The sentence that says that the browser keeps nothing, until it is closed. */

import { html } from "../vendor/preact.js";
import { storageProblem } from "../state/storage.js";
import { Icon } from "./icons.js";

export function StorageNotice() {
  return html`
    <div id="storage-notice" role="alert" class="notice" hidden=${storageProblem.value === ""}>
      <p>${storageProblem.value}</p>
      <button type="button" class="borderless icon" aria-label="Close this notice" onClick=${() => { storageProblem.value = ""; }}>
        <${Icon} name="close" /></button>
    </div>`;
}
