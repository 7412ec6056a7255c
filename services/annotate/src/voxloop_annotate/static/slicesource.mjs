// Slices from the server through a cache: one request per slice, stale ones aborted.

export class SliceSource {
  /** `fetchSlice(path, signal)` gives {data, rows, cols, …}; several may share one cache. */
  constructor(fetchSlice, cache) {
    this.fetchSlice = fetchSlice;
    this.cache = cache;
    this.flights = new Map();
  }

  peek(path) {
    return this.cache.get(path);
  }

  /** Give the slice at `path`, from the cache, from a request under way, or from a new one. */
  load(path) {
    const slice = this.cache.get(path);
    if (slice) return Promise.resolve(slice);
    const flight = this.flights.get(path) ?? this.#start(path);
    return flight.promise;
  }

  /** Abort every request whose path is not among `paths`. */
  keepOnly(paths) {
    const kept = new Set(paths);
    for (const [path, { controller }] of this.flights) {
      if (kept.has(path)) continue;
      this.flights.delete(path);
      controller.abort();
    }
  }

  #start(path) {
    const controller = new AbortController();
    const flight = { controller, promise: this.#fetch(path, controller.signal) };
    this.flights.set(path, flight);
    const land = () => this.flights.get(path) === flight && this.flights.delete(path);
    flight.promise.then(land, land);
    return flight;
  }

  async #fetch(path, signal) {
    const slice = await this.fetchSlice(path, signal);
    this.cache.set(path, slice);
    return slice;
  }
}
