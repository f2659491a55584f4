/*
 * At most one request under way, and the last one asked for always gets its turn. The trap of scrubbing: a request for
 * each pixel fills the bridge with pictures that nobody waits for any more.
 */
export class Latest<T> {
  #run: (value: T) => Promise<void>;
  #next: { value: T } | null = null;
  #busy = false;

  /** `run` must not reject: it deals with its own failures. */
  constructor(run: (value: T) => Promise<void>) {
    this.#run = run;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** True when a newer value waits: what arrives now is already out of date. */
  get waiting(): boolean {
    return this.#next !== null;
  }

  ask(value: T): void {
    this.#next = { value };
    if (!this.#busy) void this.#go();
  }

  async #go(): Promise<void> {
    this.#busy = true;
    try {
      for (let next = this.#next; next; next = this.#next) {
        this.#next = null;
        await this.#run(next.value);
      }
    } finally {
      this.#busy = false;
    }
  }
}
