// What lies under the pointer: position, value, label, prediction with confidence.

import { voxelAt } from "./plane.mjs";

export class Readout {
  constructor(session, scene) {
    Object.assign(this, { session, scene });
  }

  /** Follow the pointer to a row and column (fractions) of the plane; null when it has left the image. */
  move(point) {
    this.point = point;
    this.refresh();
  }

  /** Read again: the slices under the pointer have changed. */
  refresh() {
    const { axis, index } = this.session.state;
    if (!this.point) return this.session.set({ pointer: null });
    const [row, col] = [Math.floor(this.point.row), Math.floor(this.point.col)];
    this.session.set({
      pointer: {
        voxel: voxelAt(axis, index, row, col),
        value: this.#read("image", row, col),
        isCoarse: (this.scene.shown.image?.scale ?? [1]).some((factor) => factor > 1),
        label: this.#read("labels", row, col),
        prediction: this.#read("prediction", row, col),
        confidence: this.#read("confidence", row, col),
      },
    });
  }

  #read(name, row, col) {
    const shown = this.scene.shown[name];
    if (!shown) return null;
    const { slice, scale } = shown;
    const r = Math.min(slice.rows - 1, Math.floor(row / scale[0]));
    const c = Math.min(slice.cols - 1, Math.floor(col / scale[1]));
    return slice.data[r * slice.cols + c] ?? null;
  }
}
