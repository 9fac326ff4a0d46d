/** Input of photos anywhere on the page: file dialogs, drag and drop, and the clipboard. */

import { createRef, html, useEffect } from "../vendor/preact.js";
import { droppedFiles, withPaths } from "../lib/photo_files.js";
import { openFiles } from "../state/opening.js";
import { dragging } from "../state/view.js";

const photosInput = createRef();
const folderInput = createRef();

export const choosePhotos = () => photosInput.current.click();
export const chooseFolder = () => folderInput.current.click();

function onPaste(event) {
  const { files } = event.clipboardData;
  if (files.length > 0) openFiles(withPaths(files), false);
}

function onDragOver(event) {
  event.preventDefault();
  dragging.value = true;
}

function onDragLeave(event) {
  if (event.relatedTarget === null) dragging.value = false;
}

async function onDrop(event) {
  event.preventDefault();
  dragging.value = false;
  const { files, isFolder } = await droppedFiles(event.dataTransfer);
  openFiles(files, isFolder);
}

const LISTENERS = { paste: onPaste, dragover: onDragOver, dragleave: onDragLeave, drop: onDrop };

export function PhotoInput() {
  useEffect(() => {
    for (const [type, listener] of Object.entries(LISTENERS)) document.addEventListener(type, listener);
    return () => {
      for (const [type, listener] of Object.entries(LISTENERS)) document.removeEventListener(type, listener);
    };
  }, []);
  const onChange = (isFolder) => ({ currentTarget: input }) => {
    openFiles(withPaths(input.files), isFolder);
    input.value = "";
  };
  return html`
    <input type="file" id="photos-input" ref=${photosInput} accept="image/*" multiple hidden aria-label="Photos" onChange=${onChange(false)} />
    <input type="file" id="folder-input" ref=${folderInput} webkitdirectory hidden aria-label="Folder of photos" onChange=${onChange(true)} />`;
}
