/** Saves a blob as a file, like a download. */
export function saveBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Saves what the server sends at an address, which names the file. */
export function saveLink(url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}

/** The file name in the Content-Disposition header of a response. */
export function fileName(response, fallback) {
  const match = /filename\*=UTF-8''([^;]+)/i.exec(response.headers.get("content-disposition") ?? "");
  return match ? decodeURIComponent(match[1]) : fallback;
}
