/** Talking to the server: every refusal is an error whose message is a sentence. */

const PATIENCE = 40; // times that a busy server is asked again
const PAUSE = 1500;

export class Refusal extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }

  /** Whether the server has thrown the photo away. */
  get gone() {
    return this.status === 404;
  }
}

/** Sends a request, waiting while the server is busy. */
export async function ask(path, options = {}) {
  for (let time = 1; ; time++) {
    const response = await once(path, options);
    if (response.ok) return response;
    if (response.status === 503 && time < PATIENCE) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      continue;
    }
    throw new Refusal(await sentence(response), response.status);
  }
}

/** Sends an object and takes whatever comes back. */
export function post(path, data) {
  return ask(path, { method: "POST", body: JSON.stringify(data), headers: { "content-type": "application/json" } });
}

/** Sends a file under its name. */
export function upload(path, file, name, options = {}) {
  const headers = { "content-type": "application/octet-stream", "x-file-name": encodeURIComponent(name.toWellFormed?.() ?? name) };
  return ask(path, { method: "POST", body: file, headers, ...options });
}

async function once(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("the server does not answer; is colorgan still running, and the file still there?", 0);
  }
}

async function sentence(response) {
  try {
    return (await response.json()).error ?? response.statusText;
  } catch {
    return `the server answered with an error (${response.status})`;
  }
}
