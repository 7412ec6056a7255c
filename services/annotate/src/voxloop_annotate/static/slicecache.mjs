// Slices that were fetched, least recently used out first, bounded in bytes.

export class SliceCache {
  constructor(limitBytes) {
    this.limitBytes = limitBytes;
    this.bytes = 0;
    this.entries = new Map();
  }

  /** Give the slice and mark it as just used, or undefined. */
  get(key) {
    const slice = this.entries.get(key);
    if (slice === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, slice);
    return slice;
  }

  /** Keep `slice` (its `data.byteLength` counts), dropping the oldest ones over the limit but never itself. */
  set(key, slice) {
    this.delete(key);
    this.entries.set(key, slice);
    this.bytes += slice.data.byteLength;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.limitBytes || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key) {
    const slice = this.entries.get(key);
    if (slice === undefined) return;
    this.bytes -= slice.data.byteLength;
    this.entries.delete(key);
  }

  clear() {
    this.entries.clear();
    this.bytes = 0;
  }

  values() {
    return this.entries.values();
  }
}
