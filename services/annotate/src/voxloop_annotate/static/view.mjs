// Where a plane lies on the screen. Lengths on the screen are CSS pixels, on the plane voxels of level 0.
// `zoom` is CSS pixels per shortest voxel edge; `center` [z, y, x] is what lies in the middle of the screen.

import { extentOf, orderOf } from "./plane.mjs";

const MARGIN_PX = 16;

// How far from the edge of a small plane the crosshair stays.
const INSIDE_PX = 48;

export class View {
  /**
   * `grid` = {shape, voxelSize} (z, y, x); `screen` = {width, height}. `shared` is the centre that all planes share,
   * where this plane's own differs from it (see centerNear); moving this plane moves the shared one by as much.
   */
  constructor(grid, axis, zoom, center, screen, shared = center) {
    Object.assign(this, { grid, axis, zoom, center, screen, shared });
    this.order = orderOf(axis);
    this.aspect = aspectOf(grid, axis);
    this.extent = extentOf(axis, grid.shape);
    this.scale = { row: zoom * this.aspect.row, col: zoom * this.aspect.col };
  }

  x(col) {
    return (col - this.center[this.order.col]) * this.scale.col + this.screen.width / 2;
  }

  y(row) {
    return (row - this.center[this.order.row]) * this.scale.row + this.screen.height / 2;
  }

  col(x) {
    return (x - this.screen.width / 2) / this.scale.col + this.center[this.order.col];
  }

  row(y) {
    return (y - this.screen.height / 2) / this.scale.row + this.center[this.order.row];
  }

  /** Give {zoom, center} after zooming by `factor` with the point (x, y) of the screen held in place. */
  zoomAt(x, y, factor) {
    const zoom = clampZoom(this.zoom * factor);
    const k = this.zoom / zoom;
    const { row, col } = { row: this.row(y), col: this.col(x) };
    return { zoom, center: this.moveCenter(row + (this.centerRow - row) * k, col + (this.centerCol - col) * k) };
  }

  /** Give the center after dragging the image by (dx, dy) pixels. */
  panBy(dx, dy) {
    return this.moveCenter(this.centerRow - dy / this.scale.row, this.centerCol - dx / this.scale.col);
  }

  /** Give the visible rectangle of the plane in whole voxels. */
  visibleRect() {
    const { rows, cols } = this.extent;
    const clamp = (value, high) => Math.min(high, Math.max(0, value));
    return {
      r0: clamp(Math.floor(this.row(0)), rows),
      r1: clamp(Math.ceil(this.row(this.screen.height)), rows),
      c0: clamp(Math.floor(this.col(0)), cols),
      c1: clamp(Math.ceil(this.col(this.screen.width)), cols),
    };
  }

  get centerRow() {
    return this.center[this.order.row];
  }

  get centerCol() {
    return this.center[this.order.col];
  }

  // The middle of the screen stays on the plane, so that the image can never be lost.
  moveCenter(row, col) {
    const center = [...this.shared];
    const moved = { row: center[this.order.row] + row - this.centerRow, col: center[this.order.col] + col - this.centerCol };
    center[this.order.row] = Math.min(this.extent.rows, Math.max(0, moved.row));
    center[this.order.col] = Math.min(this.extent.cols, Math.max(0, moved.col));
    return center;
  }

  /** Say whether another view shows the same place in the same way. */
  equals(other) {
    if (!other || other.axis !== this.axis || other.zoom !== this.zoom || other.screen !== this.screen) return false;
    const isSame = (a, b) => a.every((value, i) => value === b[i]);
    const [mine, yours] = [this.grid, other.grid];
    return isSame(this.center, other.center) && isSame(this.shared, other.shared) && isSame(mine.shape, yours.shape) && isSame(mine.voxelSize, yours.voxelSize);
  }

  /** Say whether a voxel [z, y, x] of the volume lies within the screen. */
  shows(voxel) {
    const [x, y] = [this.x(voxel[this.order.col] + 0.5), this.y(voxel[this.order.row] + 0.5)];
    return x >= 0 && y >= 0 && x <= this.screen.width && y <= this.screen.height;
  }
}

/**
 * Give the centre nearest to `center` with which a small plane shows `voxel` well inside its screen; along a direction
 * in which the whole plane fits, its middle.
 */
export function centerNear(grid, axis, zoom, center, screen, voxel) {
  const order = orderOf(axis);
  const aspect = aspectOf(grid, axis);
  const near = [...center];
  for (const [along, size, scale] of [[order.row, screen.height, zoom * aspect.row], [order.col, screen.width, zoom * aspect.col]]) {
    const slack = Math.max(0, size / 2 - Math.min(INSIDE_PX, size / 4)) / scale;
    const at = voxel[along] + 0.5;
    const isFitting = grid.shape[along] * scale <= size;
    near[along] = isFitting ? grid.shape[along] / 2 : Math.min(at + slack, Math.max(at - slack, center[along]));
  }
  return near;
}

/** Give the edge lengths of a voxel on the plane in units of the volume's shortest edge. */
export function aspectOf({ voxelSize }, axis) {
  const { row, col } = orderOf(axis);
  const unit = Math.min(...voxelSize);
  return { row: voxelSize[row] / unit, col: voxelSize[col] / unit };
}

/** Give {zoom, center} that show the whole plane. */
export function fitView(grid, axis, screen) {
  const { rows, cols } = extentOf(axis, grid.shape);
  const aspect = aspectOf(grid, axis);
  const width = Math.max(32, screen.width - 2 * MARGIN_PX);
  const height = Math.max(32, screen.height - 2 * MARGIN_PX);
  return {
    zoom: clampZoom(Math.min(width / (cols * aspect.col), height / (rows * aspect.row))),
    center: grid.shape.map((length) => length / 2),
  };
}

/** Give the coarsest level whose pixels are still no larger than those of the screen. */
export function levelFor(levels, axis, view, pixelRatio) {
  const { row, col } = orderOf(axis);
  let best = 0;
  levels.forEach(({ scale }, level) => {
    const size = Math.max(scale[row] * view.scale.row, scale[col] * view.scale.col) * pixelRatio;
    if (size <= 1.001) best = level;
  });
  return best;
}

export const clampZoom = (zoom) => Math.min(64, Math.max(1 / 64, zoom));
