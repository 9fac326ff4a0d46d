/** What is on the screen, apart from the photo: the view, the dialog, and what the page is busy with. */

import { signal } from "../vendor/preact.js";

/** "start", "editor" or "album". */
export const view = signal("start");

/** Whether the About dialog is open. */
export const aboutOpen = signal(false);

/** The photo that is being uploaded, as { name, fraction, abort }, or null; the last is an AbortController. */
export const uploading = signal(null);

/** Whether files are being dragged over the page. */
export const dragging = signal(false);
