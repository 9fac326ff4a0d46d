/** Runs an async task, one call at a time. Of the calls made while it runs, only the latest is kept. */
export class LatestTask {
  #task;
  #pending = null;
  #running = null;

  constructor(task) {
    this.#task = task;
  }

  /** Requests a call with these arguments; resolves when no call is running or pending. */
  call(...args) {
    this.#pending = args;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Discards the pending call. */
  cancel() {
    this.#pending = null;
  }

  async #run() {
    try {
      while (this.#pending !== null) {
        const args = this.#pending;
        this.#pending = null;
        await this.#task(...args);
      }
    } finally {
      this.#running = null;
    }
  }
}
