// Window and level: which grey a voxel value gets.

const DIRECT = { uint8: [0, 256], uint16: [0, 65536], int16: [-32768, 65536] };

export const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };

const RAMP_STEPS = 4095;

/** Opaque grey pixels (ABGR words) for values from `min` (black) to `max` (white): ((value - min) / (max - min)) ** gamma. */
export class Lookup {
  constructor(dtype, min, max, { gamma = 1, isInverted = false } = {}) {
    const [offset, size] = DIRECT[dtype] ?? [0, 0];
    Object.assign(this, { offset, low: min, gamma, isInverted });
    this.range = Math.max(max - min, Number.EPSILON * Math.max(1, Math.abs(max)));
    this.table = size ? this.#build(size) : null;
    this.ramp = size ? null : this.#buildRamp();
    this.steps = RAMP_STEPS / this.range;
  }

  /** Give the pixel of one value; not a number is as the lowest value. */
  pixel(value) {
    if (this.table) return this.table[value - this.offset];
    const step = (value - this.low) * this.steps;
    return this.ramp[step > 0 ? (step < RAMP_STEPS ? Math.round(step) : RAMP_STEPS) : 0];
  }

  // Far outside the window all values have one of two greys, and only what lies in it is worth a power.
  #build(size) {
    const table = new Uint32Array(size);
    const first = Math.min(size, Math.max(0, Math.floor(this.low - this.offset)));
    const last = Math.min(size, Math.max(first, Math.ceil(this.low + this.range - this.offset) + 1));
    table.fill(this.#greyPixel(0), 0, first);
    for (let i = first; i < last; i++) table[i] = this.#greyPixel((i + this.offset - this.low) / this.range);
    return table.fill(this.#greyPixel(1), last);
  }

  #buildRamp() {
    return Uint32Array.from({ length: RAMP_STEPS + 1 }, (_, i) => this.#greyPixel(i / RAMP_STEPS));
  }

  #greyPixel(share) {
    const inside = share > 1 ? 1 : share > 0 ? share : 0;
    const grey = Math.round(255 * (this.gamma === 1 ? inside : inside ** this.gamma));
    return greyPixel(this.isInverted ? 255 - grey : grey);
  }
}

let latest = { key: null, lookup: null };

/** Give the Lookup for the image layer's settings; the planes of a page share one. */
export function lookupFor(dtype, { min, max, gamma, isInverted }) {
  const key = [dtype, min, max, gamma, isInverted].join();
  if (latest.key !== key) latest = { key, lookup: new Lookup(dtype, min, max, { gamma, isInverted }) };
  return latest.lookup;
}

/** Give the window between two percentiles of `intensity`; never empty. */
export function autoWindow({ min, max, percentiles = {} }) {
  const low = percentiles["0.1"] ?? min;
  const high = percentiles["99.9"] ?? max;
  if (high > low) return { min: low, max: high };
  return max > min ? { min, max } : { min, max: min + 1 };
}

/** Give the window after a drag of (dx, dy) pixels, dy downwards: right widens, up brightens. */
export function dragWindow({ min, max }, range, dx, dy) {
  const step = range / 512;
  const width = Math.max(step, max - min + dx * step);
  const middle = (min + max) / 2 + dy * step;
  return { min: middle - width / 2, max: middle + width / 2 };
}

const greyPixel = (grey) => (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
