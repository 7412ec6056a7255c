// Patches of one object, merged and handed on at most once a period: the first at once, the last never lost.

export class Throttle {
  constructor(emit, periodMs, now = () => performance.now(), later = (act, ms) => setTimeout(act, ms)) {
    Object.assign(this, { emit, periodMs, now, later, patch: null, last: -Infinity, timer: null });
  }

  push(patch) {
    this.patch = { ...this.patch, ...patch };
    this.timer ??= this.later(() => this.#flush(), Math.max(0, this.last + this.periodMs - this.now()));
  }

  close() {
    clearTimeout(this.timer);
    this.patch = null;
  }

  #flush() {
    this.timer = null;
    if (!this.patch) return;
    const { patch } = this;
    this.patch = null;
    this.last = this.now();
    this.emit(patch);
  }
}
