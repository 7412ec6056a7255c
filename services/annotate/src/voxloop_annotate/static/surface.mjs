// One layer's pixels, in tiles: only tiles on the screen are coloured, and only what changed of them.
// Tiles rather than one large canvas, because a canvas that was drawn and then changed is copied as a whole.

import { intersect, isEmpty, unite } from "./rect.mjs";

const TILE = 512;

export class Surface {
  constructor(rows, cols) {
    Object.assign(this, { rows, cols, tiles: [] });
    for (let r0 = 0; r0 < rows; r0 += TILE) {
      for (let c0 = 0; c0 < cols; c0 += TILE) this.tiles.push(makeTile(r0, c0, rows, cols));
    }
  }

  /** Colour `rect` (null: everything) anew before it is drawn next. */
  touch(rect) {
    for (const tile of this.tiles) {
      const part = rect ? intersect(rect, tile.rect) : tile.rect;
      if (part) tile.stale = unite(tile.stale, part);
    }
  }

  /**
   * Draw the tiles that meet `visible` (in pixels of this layer). `colour(pixels, rect)` fills a rectangle and says
   * whether anything is to be seen; `place(r, c)` gives the whole device pixel of a corner, so that tiles meet without seams.
   */
  draw(context, visible, colour, place) {
    for (const tile of this.tiles) {
      if (!intersect(tile.rect, visible)) continue;
      if (tile.stale) refresh(tile, colour);
      if (tile.isClear) continue;
      const from = place(tile.rect.r0, tile.rect.c0);
      const to = place(tile.rect.r1, tile.rect.c1);
      context.drawImage(tile.canvas, from.x, from.y, to.x - from.x, to.y - from.y);
    }
  }
}

function makeTile(r0, c0, rows, cols) {
  const rect = { r0, r1: Math.min(rows, r0 + TILE), c0, c1: Math.min(cols, c0 + TILE) };
  return { rect, stale: rect, isClear: true, canvas: null, context: null };
}

function refresh(tile, colour) {
  const { stale, rect } = tile;
  const image = new ImageData(stale.c1 - stale.c0, stale.r1 - stale.r0);
  const isSeen = colour(new Uint32Array(image.data.buffer), stale);
  const isWhole = isEmpty(rect) || (stale.r1 - stale.r0 === rect.r1 - rect.r0 && stale.c1 - stale.c0 === rect.c1 - rect.c0);
  tile.stale = null;
  if (isWhole) tile.isClear = !isSeen;
  else if (isSeen) wake(tile);
  if (isSeen || !isWhole) paint(tile, image, stale);
}

// A clear tile may still hold the pixels of an earlier slice.
function wake(tile) {
  if (!tile.isClear) return;
  tile.isClear = false;
  tile.context?.clearRect(0, 0, tile.canvas.width, tile.canvas.height);
}

function paint(tile, image, { r0, c0 }) {
  if (tile.isClear) return;
  if (!tile.canvas) {
    tile.canvas = document.createElement("canvas");
    tile.canvas.width = tile.rect.c1 - tile.rect.c0;
    tile.canvas.height = tile.rect.r1 - tile.rect.r0;
    tile.context = tile.canvas.getContext("2d");
  }
  tile.context.putImageData(image, c0 - tile.rect.c0, r0 - tile.rect.r0);
}
