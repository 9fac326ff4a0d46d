/** Input of photos: file dialogs, drag and drop, and the clipboard. */

const $ = (selector) => document.querySelector(selector);

/**
 * Listens for photos.
 *
 * @param onPhotos called with a list of { file, path }, and whether a folder was chosen or dropped.
 */
export function listenForPhotos(onPhotos) {
  const handleFiles = (files, isFolder) => files.length > 0 && onPhotos([...files].map(withPath), isFolder);
  $("#choose-photos").addEventListener("click", () => $("#photos-input").click());
  $("#choose-folder").addEventListener("click", () => $("#folder-input").click());
  for (const [input, isFolder] of [[$("#photos-input"), false], [$("#folder-input"), true]]) {
    input.addEventListener("change", () => {
      handleFiles(input.files, isFolder);
      input.value = "";
    });
  }
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length > 0) handleFiles(event.clipboardData.files, false);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.length === 0) {
      handleFiles(event.dataTransfer.files, false);
      return;
    }
    const files = [];
    for (const entry of entries) await collectFiles(entry, files);
    const isFolder = entries.some((entry) => entry.isDirectory);
    if (files.length > 0 || isFolder) onPhotos(files, isFolder);
  });
}

function withPath(file) {
  return { file, path: file.webkitRelativePath || file.name };
}

/** Adds a dropped file, or all files of a dropped folder; browsers return at most 100 entries per call. */
async function collectFiles(entry, files) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => null);
    if (file) files.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const children = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (children.length === 0) return;
    for (const child of children) await collectFiles(child, files);
  }
}
