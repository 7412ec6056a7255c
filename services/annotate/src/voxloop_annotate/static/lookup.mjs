// Window and level: which grey a voxel value gets.

const DIRECT = { uint8: [0, 256], uint16: [0, 65536], int16: [-32768, 65536] };

export const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };

/** Give the opaque grey pixels (ABGR words) for values from `min` (black) to `max` (white). */
export class Lookup {
  constructor(dtype, min, max) {
    const [offset, size] = DIRECT[dtype] ?? [0, 0];
    this.offset = offset;
    this.low = min;
    this.factor = 255 / Math.max(max - min, Number.EPSILON * Math.max(1, Math.abs(max)));
    this.table = size ? this.#build(size) : null;
  }

  /** Give the pixel of one value; not a number is black. */
  pixel(value) {
    return this.table ? this.table[value - this.offset] : greyPixel(this.grey(value));
  }

  grey(value) {
    const grey = Math.round((value - this.low) * this.factor);
    return grey > 255 ? 255 : grey > 0 ? grey : 0;
  }

  #build(size) {
    const table = new Uint32Array(size);
    for (let i = 0; i < size; i++) table[i] = greyPixel(this.grey(i + this.offset));
    return table;
  }
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
