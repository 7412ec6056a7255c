// A mask over the part of a plane that is marked: it grows with what is added, however large the plane is.

import { boundSpans } from "./spans.mjs";
import { unite } from "./rect.mjs";

// Growing copies, so it grows by more than it needs.
const MARGIN = 64;

export class PatchMask {
  constructor(rows, cols) {
    Object.assign(this, { rows, cols, rect: null, room: null, data: new Uint8Array(0) });
  }

  /** Mark spans; gives the rectangle that they cover, or null. */
  add(spans) {
    const rect = boundSpans(spans);
    if (!rect) return null;
    this.rect = unite(this.rect, rect);
    this.#makeRoom();
    const { r0, c0: left, width } = this.room;
    for (const { row, c0, c1 } of spans) {
      const start = (row - r0) * width - left;
      this.data.fill(1, start + c0, start + c1);
    }
    return rect;
  }

  /** Say whether a voxel is marked. */
  has(row, col) {
    const { rect } = this;
    if (!rect || row < rect.r0 || row >= rect.r1 || col < rect.c0 || col >= rect.c1) return false;
    return this.data[(row - this.room.r0) * this.room.width + col - this.room.c0] === 1;
  }

  /** Give the row's marks from column c0 to c1, a view; the row and columns must lie in `rect`. */
  slice(row, c0, c1) {
    const start = (row - this.room.r0) * this.room.width - this.room.c0;
    return this.data.subarray(start + c0, start + c1);
  }

  #makeRoom() {
    const { rect, room } = this;
    if (room && rect.r0 >= room.r0 && rect.r1 <= room.r1 && rect.c0 >= room.c0 && rect.c1 <= room.c1) return;
    const wide = {
      r0: Math.max(0, rect.r0 - MARGIN),
      r1: Math.min(this.rows, rect.r1 + MARGIN),
      c0: Math.max(0, rect.c0 - MARGIN),
      c1: Math.min(this.cols, rect.c1 + MARGIN),
    };
    this.room = { ...wide, width: wide.c1 - wide.c0 };
    const data = new Uint8Array((wide.r1 - wide.r0) * this.room.width);
    for (let r = room?.r0 ?? 0; r < (room?.r1 ?? 0); r++) {
      const from = (r - room.r0) * room.width;
      data.set(this.data.subarray(from, from + room.width), (r - wide.r0) * this.room.width + room.c0 - wide.c0);
    }
    this.data = data;
  }
}
