/** Earlier work, which this browser has kept: open it again, or remove it. */

import { html, useEffect, useSignal } from "../vendor/preact.js";
import { pluralize } from "../lib/text.js";
import { recent, removeAlbum, removePhoto } from "../state/library.js";
import { announce } from "../state/messages.js";
import { openPhoto, reopenAlbum } from "../state/opening.js";
import { ask } from "../state/questions.js";
import { Icon } from "./icons.js";

const NUM_SHOWN = 12; // at first

export function RecentPhotos() {
  const showsAll = useSignal(false);
  const entries = recent.value;
  if (entries.length === 0) return null;
  const shown = showsAll.value ? entries : entries.slice(0, NUM_SHOWN);
  return html`
    <section id="recent" aria-labelledby="recent-title">
      <div class="row spread">
        <h3 id="recent-title" tabindex="-1">Recent</h3>
        <button type="button" id="remove-all-recent" class="borderless small" onClick=${removeAll}>Remove all</button>
      </div>
      <ul class="thumbnails">
        ${shown.map((entry) => html`<${Entry} key=${(entry.photo ?? entry.album).id} ...${entry} />`)}
      </ul>
      ${shown.length < entries.length && html`
        <button type="button" class="small" onClick=${() => { showsAll.value = true; }}>Show all ${entries.length}</button>`}
    </section>`;
}

function Entry({ photo, album, photos }) {
  const cover = photo ?? photos.find(({ stage }) => stage.value === "done") ?? photos[0];
  useEffect(() => { cover?.loadThumbnail(); }, [cover]);
  const { name } = photo ?? album;
  const isUnsaved = photo ? photo.isUnsaved : photos.some((other) => other.isUnsaved);
  const remove = async () => {
    const isSure = !isUnsaved || (await ask({
      title: `Remove ${photo ? "this photo" : "this album"}?`, text: `${name} has hints or settings that you have not downloaded.`, yes: "Remove",
      isDangerous: true,
    }));
    if (!isSure) return;
    focusAfterRemoval();
    await (photo ? removePhoto(photo) : removeAlbum(album));
    announce(`${name} removed`);
  };
  return html`
    <li class=${photo ? "" : "pile"}>
      <button type="button" class="thumbnail" aria-label="Open ${name}${album ? `, ${pluralize(photos.length, "photo")}` : ""}" title=${name} onClick=${() => (photo ? openPhoto(photo) : reopenAlbum(album))}>
        ${cover?.thumbnail.value && html`<img src=${cover.thumbnail.value} alt="" />`}
        ${album && html`<span class="badge">${photos.length}</span>`}
      </button>
      <span class="name">${name.replace(/^.*\//, "")}</span>
      <button type="button" class="remove" aria-label="Remove ${name}" title="Remove" onClick=${remove}><${Icon} name="close" /></button>
    </li>`;
}

async function removeAll() {
  const isSure = await ask({
    title: "Remove all recent photos?", text: "This browser forgets them, with their hints and settings.", yes: "Remove all", isDangerous: true,
  });
  if (!isSure) return;
  document.querySelector("#choose-photos").focus();
  for (const { photo, album } of recent.value) await (photo ? removePhoto(photo) : removeAlbum(album));
  announce("All recent photos removed");
}

/** The button with the focus is about to vanish; the heading stays, unless this was the last photo. */
function focusAfterRemoval() {
  document.querySelector(recent.value.length > 1 ? "#recent-title" : "#choose-photos").focus();
}
