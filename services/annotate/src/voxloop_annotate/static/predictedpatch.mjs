// What the screen shows of a prediction on a plane, for a brush that paints what the model says. The server decides; this is
// what can be shown at once, on coarse levels roughly.

export class PredictedPatch {
  /**
   * `shown` = {prediction, confidence} as in Scene; voxels of less than `least` (0..1) confidence are left, plane = {axis, index};
   * `translation` gives the class of the labels for each predicted number (see translation.mjs).
   */
  constructor({ prediction, confidence }, least, plane, translation = null) {
    Object.assign(this, { plane, translation });
    this.classes = at(prediction, plane);
    this.confidence = least > 0 ? at(confidence, plane) : null;
    this.least = Math.ceil(least * 255 - 1e-6);
  }

  /** Say whether anything about the plane is known. */
  knows({ axis, index }) {
    const isKnown = this.classes && (this.confidence || this.least <= 0);
    return Boolean(isKnown) && axis === this.plane.axis && index === this.plane.index;
  }

  /** Say whether the voxel is known to be painted. */
  allows(row, col) {
    return this.valueAt(row, col) !== 0 && (!this.confidence || read(this.confidence, row, col) >= this.least);
  }

  /** Give the class of the labels that is predicted for a voxel, 0 where there is none. */
  valueAt(row, col) {
    const number = read(this.classes, row, col);
    return this.translation ? this.translation[number] : number;
  }
}

function at(shown, { axis, index }) {
  return shown && shown.axis === axis && shown.index === index ? shown : null;
}

function read({ slice, scale, origin }, row, col) {
  const [r, c] = [Math.floor(row / scale[0]) - origin.r0, Math.floor(col / scale[1]) - origin.c0];
  return r >= 0 && c >= 0 && r < slice.rows && c < slice.cols ? slice.data[r * slice.cols + c] : 0;
}
