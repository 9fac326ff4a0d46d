/** Sends a request like fetch, and reports which part of its body is sent, from 0 to 1; fetch cannot. */
export function fetchWithProgress(path, { method, body, headers, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "blob";
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onload = () => resolve(new Response(request.response, { status: request.status, statusText: request.statusText }));
    request.onerror = () => reject(new TypeError("no answer"));
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    if (signal?.aborted) request.onabort();
    else request.send(body);
    signal?.addEventListener("abort", () => request.abort());
  });
}
