/** The upload of a photo that is about to open: how far it is, and a way to stop it. */

import { html } from "../vendor/preact.js";
import { uploading } from "../state/view.js";

export function UploadProgress() {
  const upload = uploading.value;
  if (upload === null) return null;
  const isSent = upload.fraction === 1;
  const percent = `${Math.round(100 * upload.fraction)}%`;
  return html`
    <section id="upload" class="upload" aria-label="Upload">
      <p><strong>${isSent ? "Opening" : "Uploading"}</strong> <span class="name">${upload.name}</span></p>
      <progress aria-label="Upload" value=${isSent ? undefined : upload.fraction} max="1" />
      <span class="muted">${isSent ? "" : percent}</span>
      <button type="button" id="stop-upload" class="small" onClick=${() => upload.abort.abort()}>Stop</button>
    </section>`;
}
