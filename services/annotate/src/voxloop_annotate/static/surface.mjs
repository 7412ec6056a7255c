// One layer's pixels, in tiles: only tiles on the screen are coloured, and only what changed of them.
// Tiles rather than one large canvas, because a canvas that was drawn and then changed is copied as a whole.

import { areaOf, intersect, unite } from "./rect.mjs";
import { TILE_PX, giveTile, scratch, takeTile } from "./tilepool.mjs";

export class Surface {
  constructor(rows, cols) {
    Object.assign(this, { rows, cols, tiles: [] });
    for (let r0 = 0; r0 < rows; r0 += TILE_PX) {
      for (let c0 = 0; c0 < cols; c0 += TILE_PX) this.tiles.push(makeTile(r0, c0, rows, cols));
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
      const { r0, r1, c0, c1 } = tile.rect;
      const [from, to] = [place(r0, c0), place(r1, c1)];
      context.drawImage(tile.lent.canvas, 0, 0, c1 - c0, r1 - r0, from.x, from.y, to.x - from.x, to.y - from.y);
    }
  }

  /** Give the canvases back. */
  release() {
    for (const tile of this.tiles) drop(tile);
  }
}

function makeTile(r0, c0, rows, cols) {
  const rect = { r0, r1: Math.min(rows, r0 + TILE_PX), c0, c1: Math.min(cols, c0 + TILE_PX) };
  return { rect, stale: rect, isClear: true, lent: null };
}

function refresh(tile, colour) {
  const { stale, rect } = tile;
  const { image, pixels } = scratch(stale.c1 - stale.c0, stale.r1 - stale.r0);
  const isSeen = colour(pixels, stale);
  tile.stale = null;
  if (areaOf(stale) === areaOf(rect) && !isSeen) return drop(tile);
  if (!isSeen && tile.isClear) return;
  tile.lent ??= takeTile();
  tile.isClear = false;
  tile.lent.context.putImageData(image, stale.c0 - rect.c0, stale.r0 - rect.r0);
}

function drop(tile) {
  if (tile.lent) giveTile(tile.lent);
  Object.assign(tile, { lent: null, isClear: true });
}
