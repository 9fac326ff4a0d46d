/** Bringing photos: chosen, dropped or pasted, alone or by the folder. */

const $ = (selector) => document.querySelector(selector);

/**
 * Listens for photos.
 *
 * @param take called with a list of { file, path } and whether a folder was among them.
 */
export function listen(take) {
  const given = (files, folder) => files.length > 0 && take([...files].map(withPath), folder);
  $("#choose").addEventListener("click", () => $("#files").click());
  $("#choose-folder").addEventListener("click", () => $("#folder").click());
  for (const [input, folder] of [[$("#files"), false], [$("#folder"), true]]) {
    input.addEventListener("change", () => {
      given(input.files, folder);
      input.value = "";
    });
  }
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length > 0) given(event.clipboardData.files, false);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.length === 0) {
      given(event.dataTransfer.files, false);
      return;
    }
    const files = [];
    for (const entry of entries) await collect(entry, files);
    const folder = entries.some((entry) => entry.isDirectory);
    if (files.length > 0 || folder) take(files, folder);
  });
}

function withPath(file) {
  return { file, path: file.webkitRelativePath || file.name };
}

/** Adds all files of a dropped folder; browsers hand over a hundred at a time. */
async function collect(entry, files) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => null);
    if (file) files.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (some.length === 0) return;
    for (const child of some) await collect(child, files);
  }
}
