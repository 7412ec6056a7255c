// A threshold brush paints only voxels whose intensity lies in a range. The server decides; what the image on the screen
// already says is shown at once.

export class IntensityFilter {
  /**
   * `range` = [low, high], ends included; `patch` = {data, rows, cols, origin: {r0, c0}} holds level-0 intensities of the
   * plane {axis, index}, or is null where the screen shows a coarser level.
   */
  constructor(range, patch, { axis, index }) {
    Object.assign(this, { range, patch, axis, index });
  }

  /** Say whether anything about the plane is known. */
  knows({ axis, index }) {
    return Boolean(this.patch) && axis === this.axis && index === this.index;
  }

  /** Say whether the voxel is known to be painted. */
  allows(row, col) {
    const { data, rows, cols, origin } = this.patch;
    const [r, c] = [row - origin.r0, col - origin.c0];
    if (r < 0 || c < 0 || r >= rows || c >= cols) return false;
    const value = data[r * cols + c];
    return value >= this.range[0] && value <= this.range[1];
  }
}

/** Give the range of intensities that the options stand for, or null; `value` is the intensity where the stroke begins. */
export function rangeOf({ threshold, low, high, tolerance }, value) {
  if (threshold === "range") return [Math.min(low, high), Math.max(low, high)];
  if (threshold === "relative" && Number.isFinite(value)) return [value - tolerance, value + tolerance];
  return null;
}
