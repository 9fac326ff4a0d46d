/** The page as a whole: which part of it is seen, and where photos go. */

import { Album, tooLarge } from "./album.js";
import { ask } from "./api.js";
import { Editor } from "./editor.js";
import { listen } from "./intake.js";
import { say, warn } from "./speaking.js";

const $ = (selector) => document.querySelector(selector);

function show(part) {
  for (const name of ["intake", "editor", "album"]) $(`#${name}`).hidden = name !== part;
  $("#another").hidden = part === "intake";
  document.body.dataset.part = part;
}

function introduce(about) {
  const { model } = about;
  $("#model-name").textContent = $("#model-here").textContent = model.name;
  $("#model-license").textContent = model.license ? ` · license of its weights: ${model.license}` : "";
  $("#model-summary").textContent = model.summary || "It came without a card: nobody says what it was trained on and how good it is.";
  $("#model-limits").hidden = model.limits.length === 0;
  $("#model-limits ul").replaceChildren(...model.limits.map((limit) => Object.assign(document.createElement("li"), { textContent: limit })));
  $("#version").textContent = about.version;
  $("#limits").textContent = `JPEG, PNG, TIFF, WebP and others, up to ${Number((about.max_bytes / 1e6).toPrecision(3))} MB and `
    + `${Number((about.max_pixels / 1e6).toPrecision(3))} megapixels`;
  $("#keep").textContent = about.keep_minutes === 60 ? "an hour" : `${about.keep_minutes} minutes`;
}

async function start() {
  $("#show-about").addEventListener("click", () => $("#about").showModal());
  $("#close-about").addEventListener("click", () => $("#about").close());
  const about = await (await ask("api/about")).json();
  introduce(about);
  const editor = new Editor(about);
  const album = new Album(about);

  async function one(file) {
    if (file.size > about.max_bytes) throw new Error(`cannot take ${file.name}: ${tooLarge(about)}`);
    $("#intake").setAttribute("aria-busy", "true");
    $("#choose").textContent = "Sending …";
    say("Sending the photo");
    await editor.open(file);
    show("editor");
    $("#photo-name").focus({ preventScroll: true });
    await editor.begin();
  }

  listen(async (files, folder) => {
    try {
      if (files.length === 1 && !folder) {
        album.close();
        await one(files[0].file);
      } else {
        album.open(files, folder);
        editor.close();
        show("album");
        $("#album-title").focus({ preventScroll: true });
      }
    } catch (error) {
      warn(error);
    } finally {
      $("#intake").removeAttribute("aria-busy");
      $("#choose").textContent = "Choose photos";
    }
  });
  $("#another").addEventListener("click", () => {
    editor.close();
    album.close();
    show("intake");
    $("#choose").focus();
  });
  window.addEventListener("pagehide", () => editor.close());
  show("intake");
}

start().catch(warn);
