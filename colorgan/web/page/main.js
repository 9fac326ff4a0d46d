/** Entry point of the page: shows its views, and passes photos to the editor or to the album. */

import { Album, checkSize } from "./album.js";
import { request } from "./api.js";
import { Editor } from "./editor.js";
import { announce, showError } from "./notifications.js";
import { listenForPhotos } from "./photo_input.js";

const $ = (selector) => document.querySelector(selector);

function showView(view) {
  for (const name of ["start", "editor", "album"]) $(`#${name}`).hidden = name !== view;
  $("#new-photo").hidden = view === "start";
  document.body.dataset.view = view;
}

function showInfo(info) {
  const { model } = info;
  $("#model-name").textContent = $("#start-model-name").textContent = model.name;
  $("#model-license").textContent = model.license ? ` · license of the weights: ${model.license}` : "";
  $("#model-summary").textContent = model.summary || "This model has no model card, so its training data and quality are unknown.";
  $("#model-limits").hidden = model.limits.length === 0;
  $("#model-limits ul").replaceChildren(...model.limits.map((limit) => Object.assign(document.createElement("li"), { textContent: limit })));
  $("#version").textContent = info.version;
  $("#upload-limits").textContent = `JPEG, PNG, TIFF, WebP and others, up to ${Number((info.max_bytes / 1e6).toPrecision(3))} MB and `
    + `${Number((info.max_pixels / 1e6).toPrecision(3))} megapixels`;
  $("#session-lifetime").textContent = info.session_minutes === 60 ? "an hour" : `${info.session_minutes} minutes`;
}

async function start() {
  $("#show-about").addEventListener("click", () => $("#about").showModal());
  $("#close-about").addEventListener("click", () => $("#about").close());
  const info = await (await request("api/info")).json();
  showInfo(info);
  const editor = new Editor(info);
  const album = new Album(info);

  async function openInEditor(file) {
    checkSize(file, file.name, info);
    $("#start").setAttribute("aria-busy", "true");
    $("#choose-photos").textContent = "Uploading…";
    announce("Uploading the photo");
    await editor.open(file);
    showView("editor");
    $("#photo-name").focus({ preventScroll: true });
    await editor.colorizeAndReveal();
  }

  listenForPhotos(async (files, isFolder) => {
    try {
      if (files.length === 1 && !isFolder) {
        album.close();
        await openInEditor(files[0].file);
      } else {
        album.open(files, isFolder);
        editor.close();
        showView("album");
        $("#album-title").focus({ preventScroll: true });
      }
    } catch (error) {
      showError(error);
    } finally {
      $("#start").removeAttribute("aria-busy");
      $("#choose-photos").textContent = "Choose photos";
    }
  });
  $("#new-photo").addEventListener("click", () => {
    editor.close();
    album.close();
    showView("start");
    $("#choose-photos").focus();
  });
  window.addEventListener("pagehide", () => editor.close());
  showView("start");
}

start().catch(showError);
