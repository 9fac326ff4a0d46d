/** The line between the photo before (left of it) and after (right of it). */

const STEP = 2;
const LEAP = 10;
const REVEAL = 900; // milliseconds

export class Divider {
  #stage;
  #handle;
  #at = 0;

  constructor(stage, handle) {
    this.#stage = stage;
    this.#handle = handle;
    handle.addEventListener("pointerdown", (event) => this.#grab(event));
    handle.addEventListener("pointermove", (event) => this.#drag(event));
    handle.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#place()).observe(stage);
  }

  get at() {
    return this.#at;
  }

  /** Moves the line to a share of the width, from 0 to 100. */
  set at(percent) {
    this.#at = Math.min(100, Math.max(0, percent));
    this.#place();
  }

  /** Uncovers the colored photo, for those who like things to move. */
  reveal() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.at = 0;
      return;
    }
    const start = performance.now();
    const move = (now) => {
      const left = 1 - Math.min(1, (now - start) / REVEAL);
      this.at = 100 * left ** 3;
      if (left > 0) requestAnimationFrame(move);
    };
    this.at = 100;
    requestAnimationFrame(move);
  }

  #place() {
    const width = this.#stage.clientWidth;
    const half = this.#handle.clientWidth / 2;
    const left = (width * this.#at) / 100;
    this.#stage.style.setProperty("--at", `${this.#at}%`);
    this.#handle.style.setProperty("--push", `${Math.max(half + 3 - left, 0) - Math.max(left + half + 3 - width, 0)}px`);
    this.#handle.setAttribute("aria-valuenow", Math.round(this.#at));
    this.#handle.setAttribute("aria-valuetext", `${Math.round(this.#at)} % of the photo as it was`);
  }

  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#handle.setPointerCapture(event.pointerId);
    this.#handle.focus({ preventScroll: true, focusVisible: false });
  }

  #drag(event) {
    if (!this.#handle.hasPointerCapture(event.pointerId)) return;
    const box = this.#stage.getBoundingClientRect();
    this.at = (100 * (event.clientX - box.left)) / box.width;
  }

  #key(event) {
    const step = event.shiftKey ? LEAP : STEP;
    const moves = {
      ArrowLeft: this.#at - step, ArrowDown: this.#at - step, ArrowRight: this.#at + step, ArrowUp: this.#at + step,
      PageDown: this.#at - LEAP, PageUp: this.#at + LEAP, Home: 0, End: 100,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.at = moves[event.key];
  }
}
