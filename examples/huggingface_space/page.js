// The page of the Space: a photo in, the same photo in color out. Nothing leaves the browser.
// SPDX-License-Identifier: Apache-2.0

import * as ort from "./onnxruntime/ort.wasm.min.mjs";
import { colorize, trainingSize } from "./colorize.js";

const [input, canvas, status, save] = ["photo", "result", "status", "save"].map((id) => document.getElementById(id));
ort.env.wasm.wasmPaths = new URL("./onnxruntime/", import.meta.url).href;
const opened = open();

async function open() {
  const response = await fetch("model.onnx");
  if (!response.ok) throw new Error(`model.onnx cannot be loaded (${response.status})`);
  const model = new Uint8Array(await response.arrayBuffer());
  return { session: await ort.InferenceSession.create(model), size: trainingSize(model) };
}

/** Reads a photo as it should be seen: upright and in sRGB. */
async function read(file) {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "white"; // behind transparent parts
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

input.addEventListener("change", async () => {
  const [file] = input.files;
  if (!file) return;
  save.hidden = true;
  try {
    status.textContent = "Colorizing…";
    const photo = await read(file).catch(() => {
      throw new Error(`${file.name} is not a photo that this browser can read`);
    });
    const { session, size } = await opened;
    const colorized = await colorize(session, ort.Tensor, photo, size);
    canvas.width = colorized.width;
    canvas.height = colorized.height;
    canvas.getContext("2d").putImageData(colorized, 0, 0);
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(await new Promise((resolve) => canvas.toBlob(resolve)));
    save.download = file.name.replace(/\.\w+$/, "") + ".png";
    save.hidden = false;
    status.textContent = `${file.name}: ${colorized.width} × ${colorized.height} pixels`;
  } catch (error) {
    status.textContent = error.message;
  }
});
