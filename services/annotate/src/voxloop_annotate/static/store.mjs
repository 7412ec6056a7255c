// A small store: one state object, listeners by key.

export class Store {
  constructor(state) {
    this.state = state;
    this.listeners = new Set();
  }

  /** Take over what differs in `patch` and tell those who listen to one of these keys. */
  set(patch) {
    const changed = Object.keys(patch).filter((key) => !Object.is(this.state[key], patch[key]));
    if (!changed.length) return;
    Object.assign(this.state, patch);
    for (const entry of [...this.listeners]) {
      if (changed.some((key) => entry.keys.has(key))) entry.listener(this.state);
    }
  }

  /** Call `listener(state)` now and whenever one of `keys` changes; gives the function that ends it. */
  watch(keys, listener) {
    const entry = { keys: new Set(keys), listener };
    this.listeners.add(entry);
    listener(this.state);
    return () => this.listeners.delete(entry);
  }
}
