// What is on its way to the server: strokes, undo and redo, strictly in order, one at a time.
// States: saved (nothing waits), saving, offline (the server does not answer; tried again until it does).

const WAITS_MS = [500, 1000, 2000, 4000, 5000];

// Not a verdict on the stroke: these go away by themselves or when the user signs in again.
const PASSING = new Set([401, 408, 425, 429]);

export class StrokeQueue {
  /**
   * `send(item)` gives the server's answer; `hooks` = {changed(state), done(item, answer), refused(item, error)};
   * `sleep(ms)` resolves after a while (tests pass their own).
   */
  constructor(send, hooks, sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))) {
    Object.assign(this, { send, hooks, sleep });
    this.items = [];
    this.isPumping = false;
    this.failures = 0;
    this.problem = null;
    this.wake = () => {};
  }

  get state() {
    if (!this.items.length) return "saved";
    return this.failures ? "offline" : "saving";
  }

  push(item) {
    this.items.push(item);
    this.hooks.changed(this);
    this.pump();
  }

  /** Try again now, for example because the event stream is back. */
  retry() {
    this.wake();
  }

  async pump() {
    if (this.isPumping) return;
    this.isPumping = true;
    while (this.items.length) await this.#sendFirst();
    this.isPumping = false;
  }

  async #sendFirst() {
    const item = this.items[0];
    try {
      const answer = await this.send(item);
      this.#settle(item, () => this.hooks.done(item, answer));
    } catch (error) {
      if (isVerdict(error)) this.#settle(item, () => this.hooks.refused(item, error));
      else await this.#wait(error);
    }
    this.hooks.changed(this);
  }

  // A listener that fails must neither stop the queue nor make it send the stroke again.
  #settle(item, tell) {
    this.#remove(item);
    try {
      tell();
    } catch (error) {
      console.error(error);
    }
  }

  #remove(item) {
    this.items = this.items.filter((each) => each !== item);
    this.failures = 0;
    this.problem = null;
  }

  async #wait(error) {
    const wait = WAITS_MS[Math.min(this.failures, WAITS_MS.length - 1)];
    this.failures += 1;
    this.problem = error;
    this.hooks.changed(this);
    await Promise.race([this.sleep(wait), new Promise((resolve) => (this.wake = resolve))]);
  }
}

function isVerdict(error) {
  return error.status >= 400 && error.status < 500 && !PASSING.has(error.status);
}
