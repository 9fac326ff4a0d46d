/** What the server says about itself: the answer of `GET api/info`, which main.js loads before anything is shown. */

import { signal } from "../vendor/preact.js";
import { rounded } from "../lib/text.js";

export const info = signal(null);

/** Throws an error with status 413, like the server, if a file is too large to upload. */
export function checkSize(file, path = file.name) {
  if (file.size <= info.value.max_bytes) return;
  const limit = rounded(info.value.max_bytes / 1e6);
  const message = `cannot upload ${path}: the photo exceeds the limit of ${limit} MB; send a smaller one`;
  throw Object.assign(new Error(message), { status: 413 });
}
