/** Client of the server's HTTP API. */

import { fetchWithProgress } from "./lib/fetch_with_progress.js";

const MAX_ATTEMPTS = 40; // while the server is busy
const RETRY_DELAY = 1500; // milliseconds
const MAX_FAILURES = 3; // of the network; a crowded server closes slow connections

/** A failed request; the message is meant for users. */
export class RequestError extends Error {
  /** @param expired what the server no longer has: "photo", "reference" or undefined. */
  constructor(message, status, expired) {
    super(message);
    this.status = status;
    this.expired = expired;
  }
}

/** Sends a request, and retries while the server is busy or out of reach. With `onProgress`, see fetchWithProgress. */
export async function request(path, options = {}) {
  for (let attempt = 1, failures = 0; ; attempt++) {
    try {
      const response = await send(path, options);
      if (response.ok) return response;
      if (response.status !== 503 || attempt === MAX_ATTEMPTS) {
        throw await errorOf(response);
      }
    } catch (error) {
      if (error.status !== 0 || options.keepalive || ++failures === MAX_FAILURES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
  }
}

/** Posts an object as JSON. */
export function postJSON(path, data, options = {}) {
  return request(path, { method: "POST", body: JSON.stringify(data), headers: { "content-type": "application/json" }, ...options });
}

/** Uploads a file under a name. */
export function upload(path, file, name, options = {}) {
  const headers = { "content-type": "application/octet-stream", "x-file-name": encodeURIComponent(name.toWellFormed?.() ?? name) };
  return request(path, { method: "POST", body: file, headers, ...options });
}

async function send(path, options) {
  try {
    return await (options.onProgress ? fetchWithProgress : fetch)(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("cannot reach the server; check that colorgan is still running and that the file still exists", 0);
  }
}

async function errorOf(response) {
  try {
    const { error, expired } = await response.json();
    return new RequestError(error ?? response.statusText, response.status, expired);
  } catch {
    return new RequestError(`the server responded with status ${response.status}`, response.status);
  }
}
