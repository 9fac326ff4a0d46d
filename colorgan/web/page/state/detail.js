/** Sharp pictures of the part of the photo that is on the stage, where the previews are too coarse for the zoom. */

import { computed, effect, signal, untracked } from "../vendor/preact.js";
import { request } from "../api.js";
import { decoded } from "../lib/images.js";
import { LatestTask } from "../lib/latest_task.js";
import { current, withPhoto } from "./photos.js";
import { original, shownState } from "./preview.js";
import { postColorization } from "./references.js";
import { place, visible } from "./viewport.js";

const MAX_SIDE = 1440; // pixels of a crop that the server sends as they are
const MAX_TILES = 6;
const DELAY = 180; // milliseconds; zooming is over then
const BUSY_DELAY = 250; // milliseconds before the progress bar is shown
const TOLERANCE = 1.1; // enlargement that nobody sees

/** Tiles { left, top, width, height, original, colorized, state }; the pictures are images, and null until they are there.
 * Those of the last view stay until the new ones have come. */
export const tiles = signal([]);

/** Whether sharper pictures are on their way, and take long enough for that to be shown. */
export const isSharpening = signal(false);

/** Whether the previews have too few pixels for this zoom. */
const isCoarse = computed(() => {
  const photo = current.value;
  if (!photo || !original.value) return false;
  const scale = original.value.naturalWidth / photo.width;
  return scale < 1 && place.value.scale * devicePixelRatio > scale * TOLERANCE;
});

const task = new LatestTask(load);
let timer = null;

effect(() => {
  const photo = current.value;
  const isNeeded = isCoarse.value;
  const area = visible.value;
  const state = shownState.value;
  untracked(() => {
    clearTimeout(timer);
    task.cancel();
    if (!isNeeded || state === null) {
      release(tiles.value);
      tiles.value = [];
      isSharpening.value = false;
    } else {
      timer = setTimeout(() => task.call(photo, area, state), DELAY);
    }
  });
});

async function load(photo, area, state) {
  const wanted = tilesOf(area, place.value.scale * devicePixelRatio);
  const isWanted = (tile) => wanted.some((box) => sameBox(tile, box));
  const added = wanted.filter((box) => !tiles.value.some((tile) => sameBox(tile, box)));
  tiles.value = [...tiles.value, ...added.map((box) => ({ ...box, original: null, colorized: null, state: null }))];
  const slow = setTimeout(() => { isSharpening.value = true; }, BUSY_DELAY);
  try {
    for (const box of wanted) {
      if (photo !== current.value || state !== shownState.value) return;
      await loadTile(photo, box, state);
    }
    release(tiles.value.filter((tile) => !isWanted(tile)));
    tiles.value = tiles.value.filter(isWanted);
  } catch {
    // the previews stay on the screen; a failure of the server is told where it concerns these
  } finally {
    clearTimeout(slow);
    isSharpening.value = false;
  }
}

/** The original comes first: with the colors of the preview, it is already sharp. */
async function loadTile(photo, box, state) {
  const find = () => (photo === current.value ? tiles.value.find((tile) => sameBox(tile, box)) : undefined);
  const crop = [box.left, box.top, box.width, box.height];
  if (!find()?.original) {
    const image = await withPhoto(photo, (url) => request(`${url}/original?crop=${crop}`)).then(toImage);
    change(box, { original: image });
  }
  if (!find() || find().state === state) return;
  const colorized = await postColorization(photo, "colorized", { ...JSON.parse(state), crop }).then(toImage);
  const old = find()?.colorized;
  change(box, { colorized, state });
  if (old) setTimeout(() => URL.revokeObjectURL(old.src), 1000);
}

async function toImage(response) {
  return decoded(await response.blob());
}

function change(box, values) {
  tiles.value = tiles.value.map((tile) => (sameBox(tile, box) ? { ...tile, ...values } : tile));
}

function release(unused) {
  for (const tile of unused) {
    for (const image of [tile.original, tile.colorized]) if (image) URL.revokeObjectURL(image.src);
  }
}

/** Divides the visible part into as few tiles as the server sends in full resolution. */
function tilesOf({ left, top, right, bottom }, scale) {
  const [x0, y0, x1, y1] = [Math.floor(left), Math.floor(top), Math.ceil(right), Math.ceil(bottom)];
  const count = (length) => Math.max(1, Math.ceil((length * Math.min(1, scale)) / MAX_SIDE));
  let [columns, rows] = [count(x1 - x0), count(y1 - y0)];
  if (columns * rows > MAX_TILES) [columns, rows] = [1, 1];
  const edges = (start, end, parts) => Array.from({ length: parts + 1 }, (_, index) => Math.round(start + ((end - start) * index) / parts));
  const [xs, ys] = [edges(x0, x1, columns), edges(y0, y1, rows)];
  return ys.slice(1).flatMap((y, row) => xs.slice(1).map((x, column) => (
    { left: xs[column], top: ys[row], width: x - xs[column], height: y - ys[row] })));
}

function sameBox(one, two) {
  return one.left === two.left && one.top === two.top && one.width === two.width && one.height === two.height;
}
