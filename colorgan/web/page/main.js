/**
 * Entry point of the page: Preact components that show signals, as plain modules without a build step.
 *
 * - state/       what the page knows, as signals, and what the user can do to it; it never touches an element. state/photo_document.js is
 *                one photo with hints, settings and history; state/photos.js has the open one (`current`); state/preview.js follows it.
 *   state/library.js has all that the browser keeps, and state/opening.js shows it and sets the address.
 * - components/  one file per subject, a function that returns markup; it reads signals and calls functions of state/.
 * - editor/      the stage: the photo, zoom, hints on it, gestures.
 * - lib/         helpers that know neither state nor elements; api.js sends requests, and repeats them while the server is busy.
 * - style/       one sheet per subject, linked in index.html; colors are custom properties in base.css, for both themes.
 * - vendor/      Preact, signals and htm in one file, made in tools/page; import from there only.
 *
 * The content security policy allows neither inline scripts nor style attributes in HTML; `style=${{ … }}` of Preact is fine.
 */

import { html, render } from "./vendor/preact.js";
import { request } from "./api.js";
import { App } from "./components/app.js";
import { Messages } from "./components/messages.js";
import { loadLibrary, wouldLoseWork } from "./state/library.js";
import { showError } from "./state/messages.js";
import { showAddress } from "./state/opening.js";
import { current, forgetUpload } from "./state/photos.js";
import { info } from "./state/server_info.js";

const page = document.querySelector("#page");
window.addEventListener("pagehide", () => forgetUpload(current.value));
window.addEventListener("popstate", showAddress);
window.addEventListener("beforeunload", (event) => {
  if (wouldLoseWork()) event.preventDefault();
});
try {
  info.value = await (await request("api/info")).json();
  await loadLibrary();
  render(html`<${App} />`, page);
  await showAddress();
} catch (error) {
  showError(error);
  render(html`<${Messages} />`, page);
}
