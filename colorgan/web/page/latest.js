/** Does one thing at a time; of all that is asked for meanwhile, only the latest. */
export class Latest {
  #job;
  #waiting = null;
  #running = null;

  constructor(job) {
    this.#job = job;
  }

  /** Asks for the job with these arguments; resolves when nothing is left to do. */
  ask(...args) {
    this.#waiting = args;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Forgets what waits. */
  forget() {
    this.#waiting = null;
  }

  async #run() {
    try {
      while (this.#waiting !== null) {
        const args = this.#waiting;
        this.#waiting = null;
        await this.#job(...args);
      }
    } finally {
      this.#running = null;
    }
  }
}
