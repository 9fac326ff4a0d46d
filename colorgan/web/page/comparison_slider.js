/** The slider that compares the original (left of it) with the colorized photo (right of it). */

const STEP = 2; // percent
const LARGE_STEP = 10;
const REVEAL_DURATION = 900; // milliseconds

export class ComparisonSlider {
  #stage;
  #handle;
  #position = 0;

  constructor(stage, handle) {
    this.#stage = stage;
    this.#handle = handle;
    handle.addEventListener("pointerdown", (event) => this.#startDrag(event));
    handle.addEventListener("pointermove", (event) => this.#drag(event));
    handle.addEventListener("keydown", (event) => this.#handleKey(event));
    new ResizeObserver(() => this.#render()).observe(stage);
  }

  /** Position in percent of the width, from 0 (all colorized) to 100 (all original). */
  get position() {
    return this.#position;
  }

  set position(percent) {
    this.#position = Math.min(100, Math.max(0, percent));
    this.#render();
  }

  /** Slides from the original to the colorized photo; jumps there if the user prefers reduced motion. */
  reveal() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.position = 0;
      return;
    }
    const start = performance.now();
    const animate = (now) => {
      const remaining = 1 - Math.min(1, (now - start) / REVEAL_DURATION);
      this.position = 100 * remaining ** 3;
      if (remaining > 0) requestAnimationFrame(animate);
    };
    this.position = 100;
    requestAnimationFrame(animate);
  }

  #render() {
    const width = this.#stage.clientWidth;
    const margin = this.#handle.clientWidth / 2 + 3;
    const x = (width * this.#position) / 100;
    const offset = Math.max(margin - x, 0) - Math.max(x + margin - width, 0); // keeps the knob inside the stage
    this.#stage.style.setProperty("--position", `${this.#position}%`);
    this.#handle.style.setProperty("--knob-offset", `${offset}px`);
    this.#handle.setAttribute("aria-valuenow", Math.round(this.#position));
    this.#handle.setAttribute("aria-valuetext", `${Math.round(this.#position)}% original`);
  }

  #startDrag(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#handle.setPointerCapture(event.pointerId);
    this.#handle.focus({ preventScroll: true, focusVisible: false });
  }

  #drag(event) {
    if (!this.#handle.hasPointerCapture(event.pointerId)) return;
    const box = this.#stage.getBoundingClientRect();
    this.position = (100 * (event.clientX - box.left)) / box.width;
  }

  #handleKey(event) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const position = this.#position;
    const targets = {
      ArrowLeft: position - step, ArrowDown: position - step, ArrowRight: position + step, ArrowUp: position + step,
      PageDown: position - LARGE_STEP, PageUp: position + LARGE_STEP, Home: 0, End: 100,
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    this.position = targets[event.key];
  }
}
