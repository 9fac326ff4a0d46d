/** Photos to try the page with. */

import { html } from "../vendor/preact.js";
import { request } from "../api.js";
import { openFiles } from "../state/opening.js";
import { showError } from "../state/messages.js";
import { info } from "../state/server_info.js";

export function SamplePhotos() {
  const { samples } = info.value;
  return html`
    <section id="samples" aria-labelledby="samples-title">
      <h3 id="samples-title">No photo at hand? Try one of these</h3>
      <ul class="thumbnails">
        ${samples.map((sample) => html`
          <li><button type="button" class="thumbnail" aria-label="Try the sample photo ${sample.name}" title="${sample.name}. Photo: ${sample.credit}"
            onClick=${() => open(sample)}><img src=${relative(sample.url)} alt="" loading="lazy" /></button></li>`)}
      </ul>
      <p class="muted">Photos: ${[...new Set(samples.map(({ credit }) => credit))].join("; ")}</p>
    </section>`;
}

/** The address relative to the page, which may be below a folder of another server. */
const relative = (url) => url.replace(/^\//, "");

async function open({ name, url }) {
  try {
    const blob = await (await request(relative(url))).blob();
    const file = new File([blob], `${name}.jpg`, { type: blob.type });
    await openFiles([{ file, path: file.name }], false);
  } catch (error) {
    showError(error);
  }
}
