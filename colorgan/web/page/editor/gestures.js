/** Pointers and the wheel on the stage: one finger or the mouse draws with the tool, two fingers or the wheel zoom and pan. */

import { boundsOf, covers } from "../lib/hint_geometry.js";
import * as actions from "../state/hint_actions.js";
import { colorized } from "../state/preview.js";
import { draft, hover, tool } from "../state/tools.js";
import { fit, fitScale, panBy, place, putAt, toggleZoom, toPhoto, zoomBy } from "../state/viewport.js";

const THRESHOLD = { mouse: 3, pen: 5, touch: 8 }; // CSS pixels of a movement that is no tap
const DOUBLE_TAP = { time: 600, mouse: 8, pen: 16, touch: 30 }; // milliseconds, CSS pixels
const TAP_DELAY = 280; // milliseconds to wait for the second tap of a double-tap before a dot is added
const MIN_AREA = 8; // CSS pixels; a smaller lasso is a slip
const WHEEL = { 0: 0.002, 1: 0.05, 2: 0.5 }; // zoom by deltaMode; pinching on a trackpad comes as a wheel with Ctrl, in smaller steps
const PINCH_FACTOR = 5;

export class Gestures {
  #stage;
  #photo;
  #pointers = new Map(); // positions on the stage, by the id of the pointer
  #action = null; // { move, end, cancel } of the pointer that is down
  #lastTap = { time: 0, point: [0, 0] };
  #pending = null; // { timer, run } of a tap that may become a double-tap
  #listeners = new AbortController();

  constructor(stage, photo) {
    this.#stage = stage;
    this.#photo = photo;
    const { signal } = this.#listeners;
    stage.addEventListener("pointerdown", (event) => this.#onDown(event), { signal });
    stage.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    stage.addEventListener("pointerup", (event) => this.#onUp(event, false), { signal });
    stage.addEventListener("pointercancel", (event) => this.#onUp(event, true), { signal });
    stage.addEventListener("pointerleave", () => { hover.value = null; }, { signal });
    stage.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
  }

  /** Forgets what is being drawn, and stops listening. */
  close() {
    this.cancel();
    this.#listeners.abort();
    clearTimeout(this.#pending?.timer);
    hover.value = null;
  }

  /** Forgets what is being drawn. */
  cancel() {
    this.#action?.cancel();
    this.#action = null;
    draft.value = null;
  }

  // -- events -----------------------------------------------------------------------------------------------------------

  #onDown(event) {
    if (event.button > 1 || (this.#pointers.size > 0 && event.pointerType !== "touch")) return;
    event.preventDefault(); // of the middle button, too, which would scroll
    this.#stage.setPointerCapture(event.pointerId);
    const point = this.#pointOf(event);
    this.#pointers.set(event.pointerId, point);
    if (this.#pointers.size === 2) {
      this.cancel();
      this.#action = new Pinch(this.#pointers);
    } else if (this.#pointers.size === 1) {
      this.#action = this.#actionAt(point, event);
    }
  }

  #onMove(event) {
    const point = this.#pointOf(event);
    if (event.pointerType === "mouse") hover.value = toPhoto(point);
    if (!this.#pointers.has(event.pointerId)) return;
    const previous = this.#pointers.get(event.pointerId);
    this.#pointers.set(event.pointerId, point);
    const events = event.getCoalescedEvents?.() ?? [];
    this.#action?.move(point, previous, events.length > 0 ? events.map((one) => this.#pointOf(one)) : [point]);
  }

  #onUp(event, isCanceled) {
    if (!this.#pointers.delete(event.pointerId)) return;
    const action = this.#action;
    this.#action = null;
    if (isCanceled) action?.cancel();
    else action?.end();
    if (this.#pointers.size === 1) this.#action = new Pan(this.#stage); // of the finger that stays after a pinch
  }

  #onWheel(event) {
    event.preventDefault();
    const { deltaX, deltaY, deltaMode, ctrlKey, shiftKey } = event;
    if (!ctrlKey && (shiftKey || Math.abs(deltaX) > Math.abs(deltaY))) panBy(-(deltaX || deltaY), 0);
    else zoomBy(Math.exp(-deltaY * WHEEL[deltaMode] * (ctrlKey ? PINCH_FACTOR : 1)), this.#pointOf(event));
  }

  /** Position of a pointer event on the stage, in CSS pixels. */
  #pointOf(event) {
    const box = this.#stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // -- actions ----------------------------------------------------------------------------------------------------------

  #actionAt(point, event) {
    const marker = event.target.closest?.(".hint");
    const isFirstTapOver = !this.#isSecondTap(point, event.pointerType);
    if (isFirstTapOver) this.#flush();
    const tap = (run) => this.#tap(point, event.pointerType, run);
    const start = { point, threshold: THRESHOLD[event.pointerType], tap, flush: () => this.#flush() };
    if (event.button === 1) return new Pan(this.#stage);
    if (marker) return new MoveHint(start, this.#photo, Number(marker.dataset.index));
    this.#stage.focus({ preventScroll: true, focusVisible: false });
    if (!colorized.value || tool.value === "hand") return new Pan(this.#stage, start, this.#photo);
    return new { dot: DrawDot, stroke: DrawStroke, area: DrawArea }[tool.value](start);
  }

  /** Runs what a tap does, once it is clear that it is not the first of a double-tap, which zooms. */
  #tap(point, pointerType, run) {
    if (this.#isSecondTap(point, pointerType)) {
      clearTimeout(this.#pending?.timer);
      this.#pending = null;
      this.#lastTap = { time: 0, point };
      draft.value = null;
      actions.retractLastDot();
      toggleZoom(point);
      return;
    }
    this.#lastTap = { time: performance.now(), point };
    this.#pending = { run, timer: setTimeout(() => this.#flush(), TAP_DELAY) };
  }

  #isSecondTap([x, y], pointerType) {
    const { time, point } = this.#lastTap;
    return performance.now() - time < DOUBLE_TAP.time && Math.hypot(x - point[0], y - point[1]) < DOUBLE_TAP[pointerType];
  }

  #flush() {
    clearTimeout(this.#pending?.timer);
    const run = this.#pending?.run;
    this.#pending = null;
    run?.();
  }
}

/** A press that is a tap until it has moved. */
class Press {
  hasMoved = false;

  constructor(start) {
    this.start = start;
  }

  move(point, previous, points) {
    const [x, y] = this.start.point;
    if (!this.hasMoved && Math.hypot(point[0] - x, point[1] - y) <= this.start.threshold) return;
    if (!this.hasMoved) this.start.flush();
    this.hasMoved = true;
    this.drag(point, previous, points);
  }

  end() {
    if (this.hasMoved) this.drop();
    else this.start.tap(() => this.tapped());
  }

  drag() {}
  drop() {}
  tapped() {}
  cancel() {}
}

class DrawDot extends Press {
  constructor(start) {
    super(start);
    this.point = toPhoto(start.point);
    draft.value = { kind: "dot", points: [this.point] };
  }

  drag(point) {
    this.point = toPhoto(point);
    draft.value = { kind: "dot", points: [this.point] };
  }

  drop() {
    draft.value = null;
    actions.addHint("dot", [this.point]);
  }

  tapped() {
    this.drop();
  }

  cancel() {
    draft.value = null;
  }
}

class DrawStroke extends Press {
  kind = "stroke";

  constructor(start) {
    super(start);
    this.points = [toPhoto(start.point)];
    draft.value = { kind: "stroke", points: this.points };
  }

  drag(point, previous, points) {
    this.points = [...this.points, ...points.map(toPhoto)];
    draft.value = { kind: this.kind, points: this.points };
  }

  drop() {
    draft.value = null;
    actions.addHint(this.kind, this.points);
  }

  tapped() {
    draft.value = null;
    actions.addHint("dot", this.points);
  }

  cancel() {
    draft.value = null;
  }
}

class DrawArea extends DrawStroke {
  kind = "area";

  drop() {
    const [left, top, right, bottom] = boundsOf({ area: this.points });
    if (Math.min(right - left, bottom - top) * place.value.scale >= MIN_AREA) super.drop();
    else this.cancel();
  }

  tapped() {
    this.cancel();
  }
}

class MoveHint extends Press {
  constructor(start, photo, index) {
    super(start);
    this.photo = photo;
    this.index = index;
    this.hint = photo.hints.value[index];
    actions.focusHint(index);
    actions.selectHint(index);
  }

  drag(point) {
    const { scale } = place.value;
    actions.moveHint(this.index, this.hint, (point[0] - this.start.point[0]) / scale, (point[1] - this.start.point[1]) / scale);
  }

  drop() {
    this.photo.commit();
  }

  cancel() {
    if (this.hasMoved) this.photo.changeHint(this.index, this.hint);
  }
}

/** Pans; a tap selects the hint under it, or none. */
class Pan extends Press {
  constructor(stage, start = { point: [-Infinity, 0], threshold: 0, flush() {}, tap() {} }, photo = null) {
    super(start);
    this.photo = photo;
    this.stage = stage;
    stage.classList.add("panning");
  }

  drag(point, previous) {
    panBy(point[0] - previous[0], point[1] - previous[1]);
  }

  end() {
    this.cancel();
    super.end();
  }

  tapped() {
    const point = toPhoto(this.start.point);
    const tolerance = this.start.threshold / place.value.scale;
    actions.selectHint(this.photo.hints.value.findLastIndex((hint) => covers(hint, point, this.photo.radius, tolerance)));
  }

  cancel() {
    this.stage.classList.remove("panning");
  }
}

/** Two fingers: what was between them stays there. */
class Pinch {
  #pointers;
  #start;

  constructor(pointers) {
    this.#pointers = pointers;
    const { center, distance } = this.#measure();
    this.#start = { distance, scale: place.value.scale, point: toPhoto(center) };
  }

  move() {
    const { center, distance } = this.#measure();
    putAt((this.#start.scale * distance) / this.#start.distance, this.#start.point, center);
  }

  end() {
    if (place.value.scale <= fitScale.value) fit();
  }

  cancel() {
    this.end();
  }

  #measure() {
    const [[x0, y0], [x1, y1]] = this.#pointers.values();
    return { center: [(x0 + x1) / 2, (y0 + y1) / 2], distance: Math.max(1, Math.hypot(x1 - x0, y1 - y0)) };
  }
}
