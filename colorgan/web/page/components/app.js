/** The page: the bar, messages, and the view that is open. */

import { html, useEffect } from "../vendor/preact.js";
import { dragging, view } from "../state/view.js";
import { About } from "./about.js";
import { Editor } from "./editor.js";
import { Gallery } from "./gallery.js";
import { Header } from "./header.js";
import { Messages } from "./messages.js";
import { PhotoInput } from "./photo_input.js";
import { Question } from "./question.js";
import { ReferenceDialog } from "./reference_dialog.js";
import { Start } from "./start.js";
import { StorageNotice } from "./storage_notice.js";
import { UploadProgress } from "./upload_progress.js";
import { Variants } from "./variants.js";

const VIEWS = { start: Start, editor: Editor, album: Gallery };

export function App() {
  useEffect(() => {
    document.body.dataset.view = view.value;
    document.body.classList.toggle("dragging", dragging.value);
  });
  return html`
    <${Header} />
    <${Messages} />
    <${StorageNotice} />
    <main><${VIEWS[view.value]} /></main>
    <${PhotoInput} />
    <${About} />
    <${Variants} />
    <${ReferenceDialog} />
    <${Question} />
    <${UploadProgress} />
    <div class="drop-hint" aria-hidden="true">Drop to open</div>`;
}
