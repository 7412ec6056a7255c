// What lies under the pointer: position, value, label, prediction with confidence.

import { voxelAt } from "./plane.mjs";

export class Readout {
  constructor(viewport) {
    Object.assign(this, { viewport, session: viewport.session });
  }

  /** Follow the pointer to a row and column (fractions) of the plane; null when it has left the image. */
  move(point) {
    this.point = point;
    if (point) this.refresh();
    else this.session.set({ pointer: null });
  }

  /** Read again: the slices under the pointer have changed. */
  refresh() {
    if (!this.point) return;
    const { axis, index } = this.viewport;
    const [row, col] = [Math.floor(this.point.row), Math.floor(this.point.col)];
    const image = this.#read("image", row, col) ?? this.#read("coarse", row, col);
    this.session.set({
      pointer: {
        axis,
        voxel: voxelAt(axis, index, row, col),
        value: image?.value ?? null,
        isCoarse: (image?.scale ?? [1]).some((factor) => factor > 1),
        label: this.#read("labels", row, col)?.value ?? null,
        prediction: this.#read("prediction", row, col)?.value ?? null,
        confidence: this.#read("confidence", row, col)?.value ?? null,
      },
    });
  }

  #read(name, row, col) {
    const shown = this.viewport.shown[name];
    if (!shown) return null;
    const { slice, scale, origin } = shown;
    const r = Math.floor(row / scale[0]) - origin.r0;
    const c = Math.floor(col / scale[1]) - origin.c0;
    const isInside = r >= 0 && c >= 0 && r < slice.rows && c < slice.cols;
    return isInside ? { value: slice.data[r * slice.cols + c], scale } : null;
  }
}
