/** Photos out of file dialogs, drags and the clipboard, as lists of { file, path }. */

/** Files of a file dialog or of the clipboard. */
export function withPaths(files) {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** Dropped files, and those in dropped folders; also whether there was a folder. Call it within the event's handler. */
export async function droppedFiles(dataTransfer) {
  const entries = [...dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return { files: withPaths(dataTransfer.files), isFolder: false };
  const files = [];
  for (const entry of entries) await collectFiles(entry, files);
  return { files, isFolder: entries.some((entry) => entry.isDirectory) };
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
