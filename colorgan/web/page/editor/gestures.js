/** Pointers and the wheel on the stage: one finger or the mouse draws with the tool, two fingers or the wheel zoom and pan. */

import * as actions from "../state/hint_actions.js";
import { colorized } from "../state/preview.js";
import { draft, hover, tool } from "../state/tools.js";
import { panBy, toggleZoom, toPhoto, zoomBy } from "../state/viewport.js";
import { DrawArea, DrawDot, DrawStroke, MoveHint, Pan, Pinch } from "./pointer_actions.js";

const THRESHOLD = { mouse: 3, pen: 5, touch: 8 }; // CSS pixels of a movement that is no tap
const DOUBLE_TAP = { time: 600, mouse: 8, pen: 16, touch: 30 }; // milliseconds, CSS pixels
const TAP_DELAY = 280; // milliseconds to wait for the second tap of a double-tap before a dot is added
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
