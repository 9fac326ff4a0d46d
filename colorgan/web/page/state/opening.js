/** Opens what the user chose, dropped or pasted: one photo in the editor, several or a folder in the album. */

import { closeAlbum, openAlbum } from "./album.js";
import { announce, showError } from "./messages.js";
import { closePhoto, openPhoto } from "./photos.js";
import { checkSize } from "./server_info.js";
import { uploading, view } from "./view.js";

/** Opens a list of { file, path }. */
export async function openFiles(files, isFolder) {
  if (files.length === 0 && !isFolder) return;
  try {
    if (files.length === 1 && !isFolder) {
      checkSize(files[0].file);
      uploading.value = true;
      announce("Uploading the photo");
      await openPhoto(files[0].file);
      closeAlbum();
      view.value = "editor";
    } else {
      openAlbum(files, isFolder);
      closePhoto();
      view.value = "album";
    }
  } catch (error) {
    showError(error);
  } finally {
    uploading.value = false;
  }
}

/** Goes back to the empty page. */
export function startOver() {
  closePhoto();
  closeAlbum();
  view.value = "start";
}
