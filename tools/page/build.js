/** Bundles libraries.js into colorgan/web/page/vendor/preact.js, with the versions and licenses of all that is in it. */

import { readFileSync } from "node:fs";
import { build } from "esbuild";

const OUTPUT = "../../colorgan/web/page/vendor/preact.js";
const LIBRARIES = ["preact", "@preact/signals", "@preact/signals-core", "htm"];

const read = (library, file) => readFileSync(`node_modules/${library}/${file}`, "utf8");
const description = (library) => {
  const { version, license } = JSON.parse(read(library, "package.json"));
  const copyright = /^\s*Copyright .*\d{4}.*$/m.exec(read(library, "LICENSE"))?.[0].trim();
  return ` * - ${library} ${version}, ${license}${copyright ? `, ${copyright}` : ""}`;
};
const mit = read("preact", "LICENSE").split("\n\n").slice(2).join("\n\n").trim();

const banner = `/*!
 * Made by \`npm ci && npm run build\` in tools/page; do not edit. It contains
${LIBRARIES.map(description).join("\n")}
 *
 * The Apache-2.0 license is in the file LICENSE of colorgan. The MIT license:
 *
${mit.split("\n").map((line) => ` * ${line}`.trimEnd()).join("\n")}
 */`;

await build({
  entryPoints: ["libraries.js"], outfile: OUTPUT, bundle: true, minify: true, format: "esm", target: "es2022", charset: "utf8",
  legalComments: "none", banner: { js: banner },
});
