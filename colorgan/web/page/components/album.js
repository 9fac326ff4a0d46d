/** Many photos: the options, the progress, and the archive. */

import { html, useEffect, useRef, useSignal } from "../vendor/preact.js";
import { pluralize } from "../lib/text.js";
import * as album from "../state/album.js";
import { OutputOptions, outputOptions } from "./output_options.js";
import { Slider } from "./slider.js";

export function Album() {
  const title = useRef();
  const photos = album.photos.value;
  const stage = album.stage.value;
  useEffect(() => title.current.focus({ preventScroll: true }), [photos]);
  const count = pluralize(photos.length, "photo");
  const titles = { ready: `${count} to colorize`, running: `Colorizing ${count}`, done: album.summary() };
  return html`
    <section id="album" aria-labelledby="album-title">
      <div class="card">
        <h2 id="album-title" tabindex="-1" ref=${title}>${titles[stage]}</h2>
        ${album.numSkipped.value > 0 && html`
          <p id="album-skipped" class="muted">${pluralize(album.numSkipped.value, "other file")} skipped.</p>`}
        ${stage === "ready" ? html`<${Form} />` : html`<${Progress} stage=${stage} total=${photos.length} />`}
      </div>
    </section>`;
}

function Form() {
  const strength = useSignal(100);
  const onSubmit = (event) => {
    event.preventDefault();
    album.colorizeAlbum({ strength: strength.value / 100, ...outputOptions.value });
  };
  return html`
    <form id="album-form" onSubmit=${onSubmit}>
      <${Slider} id="album-strength" label="Strength" min=${0} max=${100} value=${strength.value} text="${strength.value}%"
        onInput=${(value) => { strength.value = value; }} />
      <${OutputOptions} prefix="album-" metadataLabel="Keep the photos’ metadata" />
      <button type="submit" class="primary">Colorize</button>
    </form>`;
}

function Progress({ stage, total }) {
  const link = useRef();
  const numLeft = total - album.numDone.value;
  const canDownload = stage === "done" && album.archiveURL.value !== "";
  useEffect(() => link.current?.focus({ preventScroll: true }), [canDownload]);
  const statuses = {
    running: `${album.numDone.value} done, now ${album.currentPath.value}`, done: numLeft > 0 ? `${numLeft} not started.` : "",
  };
  return html`
    <div id="album-job">
      <progress id="album-progress" value=${album.numDone.value} max=${total} aria-label="Photos done" />
      <p id="album-status">${statuses[stage]}</p>
      <div class="row">
        ${stage === "running" && html`<button type="button" id="album-stop" onClick=${album.stopAlbum}>Stop</button>`}
        ${canDownload && html`
          <a id="album-download" class="button primary" ref=${link} href=${album.archiveURL.value} download>Download the archive</a>`}
      </div>
      ${album.failures.value.length > 0 && html`
        <div id="album-failures"><h3>Not colorized</h3><ul>${album.failures.value.map((message) => html`<li>${message}</li>`)}</ul></div>`}
    </div>`;
}
