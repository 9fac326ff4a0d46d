/** The empty page: where to choose photos, those of earlier visits, and samples to try. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { rounded } from "../lib/text.js";
import { info } from "../state/server_info.js";
import { uploading } from "../state/view.js";
import { chooseFolder, choosePhotos } from "./photo_input.js";
import { RecentPhotos } from "./recent_photos.js";
import { SamplePhotos } from "./sample_photos.js";

let isFirstTime = true; // later, the user comes from another view, and the focus with them

export function Start() {
  const button = useRef();
  useEffect(() => {
    if (!isFirstTime) button.current.focus({ preventScroll: true });
    isFirstTime = false;
  }, []);
  const { model, max_bytes, max_pixels, session_minutes } = info.value;
  return html`
    <section id="start" aria-labelledby="start-title" aria-busy=${uploading.value !== null}>
      <div class="drop-area">
        <${Picture} />
        <h2 id="start-title"><span class="with-mouse">Drop a photo here</span><span class="with-finger">Choose a photo</span></h2>
        <p class="with-mouse">or several, or a folder, or paste one from the clipboard</p>
        <p class="with-finger">or several, which become an album</p>
        <div class="row centered">
          <button type="button" id="choose-photos" class="primary" ref=${button} onClick=${choosePhotos}>Choose photos</button>
          <button type="button" id="choose-folder" class="with-mouse" onClick=${chooseFolder}>Choose a folder</button>
        </div>
        <p id="upload-limits" class="muted">JPEG, PNG, TIFF, WebP and others, up to ${rounded(max_bytes / 1e6)} MB and
          ${" "}${rounded(max_pixels / 1e6)} megapixels</p>
      </div>
      <${RecentPhotos} />
      <${SamplePhotos} />
      <div class="muted centered notes">
        <p>The model, ${model.name}, predicts plausible colors. It cannot know the original ones.</p>
        <p>Photos are sent to the computer that runs colorgan and nowhere else. It deletes them
          ${" "}${session_minutes === 60 ? "an hour" : `${session_minutes} minutes`} after their last use or when colorgan stops. This browser
          keeps them, with your hints, until you remove them here.</p>
      </div>
    </section>`;
}

function Picture() {
  return html`
    <svg viewBox="0 0 96 64" width="120" height="80" aria-hidden="true">
      <rect x="2" y="2" width="92" height="60" rx="6" class="gray-sky" />
      <path d="M48 2h40a6 6 0 0 1 6 6v48a6 6 0 0 1-6 6H48z" class="sky" />
      <path d="M8 56l22-28 18 22v6z" class="gray-hill" />
      <path d="M48 50l10-13 28 19H48z" class="hill" />
      <circle cx="70" cy="18" r="7" class="sun" />
    </svg>`;
}
