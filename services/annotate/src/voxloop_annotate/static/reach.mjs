// How far a stroke on one plane reaches into its neighbours: not at all, ± n slices, or as a sphere.

import { extentOf, orderOf } from "./plane.mjs";

export const REACHES = ["slice", "slab", "sphere"];

export class Reach {
  /** `kind` is one of REACHES, `slices` the n of a slab; the plane is `axis` = `index` of `grid` = {shape, voxelSize} (z, y, x). */
  constructor(kind, slices, { axis, index }, grid) {
    Object.assign(this, { kind, slices, index });
    this.depth = extentOf(axis, grid.shape).depth;
    this.step = grid.voxelSize[orderOf(axis).depth] / Math.min(...grid.voxelSize);
  }

  /** Give the half-open range of slices that a brush of `diameter` (in shortest voxel edges) meets. */
  range(diameter = 0) {
    const far = this.kind === "slab" ? this.slices : this.kind === "sphere" ? Math.floor(diameter / 2 / this.step) : 0;
    return [Math.max(0, this.index - far), Math.min(this.depth, this.index + far + 1)];
  }

  /** Give the diameters of the discs that a sphere around a point of the plane cuts out of the slices 1, 2, … away. */
  discs(diameter) {
    if (this.kind !== "sphere") return [];
    const discs = [];
    for (let far = 1; far * this.step <= diameter / 2 && far < this.depth; far++) {
      discs.push(2 * Math.sqrt(diameter ** 2 / 4 - (far * this.step) ** 2));
    }
    return discs;
  }
}
