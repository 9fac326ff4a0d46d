/** Zoom and pan: which part of the photo is on the stage, and how large. */

import { computed, effect, signal } from "../vendor/preact.js";
import { current } from "./photos.js";

const STEP = 1.4; // of the zoom by keys and buttons
const MAX_SCALE = 16; // screen pixels per pixel of the photo
const MARGIN = 12; // around a photo that fits, in CSS pixels

/** Size of the stage in CSS pixels, set by editor/stage.js. */
export const stageSize = signal({ width: 0, height: 0 });

/** Margin around a photo that fits the stage; none on phones. */
export const hasMargin = signal(true);

/** { scale, x, y }: CSS pixels per pixel of the photo, and the point of the photo in the middle of the stage; null to fit the stage. */
const zoom = signal(null);

effect(() => {
  if (current.value) zoom.value = null;
});

/** The scale at which the whole photo fits the stage. */
export const fitScale = computed(() => {
  const photo = current.value;
  const { width, height } = stageSize.value;
  if (!photo || width === 0) return 1;
  const margin = hasMargin.value ? 2 * MARGIN : 0;
  return Math.min(Math.max(width - margin, 1) / photo.width, Math.max(height - margin, 1) / photo.height);
});

/** Where the photo is on the stage: { scale, left, top, width, height } in CSS pixels. */
const exactPlace = computed(() => {
  const photo = current.value;
  if (!photo) return { scale: 1, left: 0, top: 0, width: 0, height: 0 };
  const { scale, x, y } = zoom.value ?? { scale: fitScale.value, x: photo.width / 2, y: photo.height / 2 };
  const [width, height] = [photo.width * scale, photo.height * scale];
  return {
    scale, width, height,
    left: withinStage(stageSize.value.width / 2 - x * scale, width, stageSize.value.width),
    top: withinStage(stageSize.value.height / 2 - y * scale, height, stageSize.value.height),
  };
});

/** The same, from a whole pixel of the screen on, for sharpness. */
export const place = computed(() => {
  const whole = (length) => Math.round(length * devicePixelRatio) / devicePixelRatio;
  const { left, top } = exactPlace.value;
  return { ...exactPlace.value, left: whole(left), top: whole(top) };
});

/** The part of the photo on the stage, in its pixels: { left, top, right, bottom }. */
export const visible = computed(() => {
  const { scale, left, top } = place.value;
  const { width = 0, height = 0 } = current.value ?? {};
  return {
    left: Math.max(0, -left / scale), top: Math.max(0, -top / scale),
    right: Math.min(width, (stageSize.value.width - left) / scale), bottom: Math.min(height, (stageSize.value.height - top) / scale),
  };
});

/** Screen pixels per pixel of the photo, in percent. */
export const percent = computed(() => Math.round(100 * place.value.scale * devicePixelRatio));

export const isFit = computed(() => zoom.value === null);
export const canZoomIn = computed(() => place.value.scale < maxScale() * 0.999);

export function fit() {
  zoom.value = null;
}

/** Shows one pixel of the photo as one pixel of the screen, around a point on the stage. */
export function showActualSize(point) {
  zoomTo(1 / devicePixelRatio, point);
}

export const zoomIn = () => zoomBy(STEP);
export const zoomOut = () => zoomBy(1 / STEP);

/** Zooms around a point on the stage, which stays where it is; by default its middle. */
export function zoomBy(factor, point) {
  zoomTo(place.value.scale * factor, point);
}

/** Zooms in to see details, or back to the whole photo. */
export function toggleZoom(point) {
  if (isFit.value) zoomTo(Math.max(1 / devicePixelRatio, 2.5 * fitScale.value), point);
  else fit();
}

/** Moves the photo by CSS pixels. */
export function panBy(dx, dy) {
  const [x, y] = middle();
  putAt(exactPlace.value.scale, pointInTheMiddle(), [x + dx, y + dy]);
}

/** The point of the photo, in its pixels, at a point on the stage. */
export function toPhoto([x, y]) {
  const { scale, left, top } = place.value;
  return [(x - left) / scale, (y - top) / scale];
}

/** Zooms to a scale around a point on the stage. Zooming out ends with the whole photo, unless its pixels are to be seen one by one. */
function zoomTo(scale, point = middle()) {
  if (scale < place.value.scale && scale <= fitScale.value && place.value.scale >= fitScale.value && scale !== 1 / devicePixelRatio) fit();
  else putAt(scale, toPhoto(point), point);
}

/** Shows the photo at a scale, with a point of it, in its pixels, at a point on the stage. */
export function putAt(scale, [x, y], point) {
  const smallest = Math.min(fitScale.value, 1 / devicePixelRatio);
  const next = Math.max(smallest, Math.min(scale, maxScale()));
  const [middleX, middleY] = middle();
  zoom.value = { scale: next, x: x + (middleX - point[0]) / next, y: y + (middleY - point[1]) / next };
  const [shownX, shownY] = pointInTheMiddle(); // where the photo really is, so that panning starts there
  zoom.value = { scale: next, x: shownX, y: shownY };
}

/** The point of the photo, in its pixels, in the middle of the stage. */
function pointInTheMiddle() {
  const { scale, left, top } = exactPlace.value;
  const [x, y] = middle();
  return [(x - left) / scale, (y - top) / scale];
}

function middle() {
  return [stageSize.value.width / 2, stageSize.value.height / 2];
}

function maxScale() {
  return Math.max(MAX_SCALE / devicePixelRatio, 2 * fitScale.value);
}

/** Left or top of the photo: in the middle of the stage if it is smaller, otherwise without a gap. */
function withinStage(start, length, stageLength) {
  if (length <= stageLength) return (stageLength - length) / 2;
  return Math.min(0, Math.max(start, stageLength - length));
}
