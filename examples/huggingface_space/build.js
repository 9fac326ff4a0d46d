// Copies what the page loads: the runtime, and the model that ships with colorgan or the one that is named.
// SPDX-License-Identifier: Apache-2.0

import { copyFileSync, mkdirSync } from "node:fs";

const model = process.argv[2] ?? "../../checkpoints/colorgan-photos/model.onnx";
mkdirSync("onnxruntime", { recursive: true });
for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
  copyFileSync(`node_modules/onnxruntime-web/dist/${name}`, `onnxruntime/${name}`);
}
copyFileSync(model, "model.onnx");
