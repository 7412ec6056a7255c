// The renderer interface, and its implementation on Canvas2D (a WebGL one would offer the same methods):
//   resize(width, height, ratio)        CSS pixels and device pixels per CSS pixel
//   setLayer(name, layer | null)        layer = {key, rows, cols, scale: [row, col] level-0 voxels per pixel, origin: {r0, c0} its first
//                                       pixel on the level's grid, opacity, isSmooth, colour(pixels, rect)}; the same key: the same pixels
//   touch(name, rect | null)            the layer's pixels in rect (in its own pixels; null: all) have changed
//   setSides(sides, share)              sides = {name: "left" | "right"}: these layers are drawn only left or right of that share of the width
//   setOpacity(name, opacity), setSmooth(name, isSmooth), setBackground(color), clear(), close()
//   draw(view)                          bring the screen up to date; if only touched rectangles changed, only they are drawn

import { contains, intersect, move, scaleDown, unite, whole } from "./rect.mjs";
import { Surface } from "./surface.mjs";

const ORDER = ["coarse", "image", "uncertainty", "confidence", "prediction", "other", "labels", "difference"];

export class CanvasRenderer {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.background = "#000";
    this.layers = new Map();
    this.isAllDirty = true;
    this.dirty = null;
    this.sides = {};
    this.share = 1;
  }

  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.isAllDirty = true;
  }

  setLayer(name, layer) {
    this.isAllDirty = true;
    const old = this.layers.get(name);
    if (!layer) return void (old?.surface.release(), this.layers.delete(name));
    const surface = this.#surfaceFor(old, layer);
    if (old?.key !== layer.key) surface.touch(null);
    this.layers.set(name, { ...layer, surface });
  }

  #surfaceFor(old, { rows, cols }) {
    if (old?.surface.rows === rows && old.surface.cols === cols) return old.surface;
    old?.surface.release();
    return new Surface(rows, cols);
  }

  setOpacity(name, opacity) {
    const layer = this.layers.get(name);
    if (!layer || layer.opacity === opacity) return;
    layer.opacity = opacity;
    this.isAllDirty = true;
  }

  setSmooth(name, isSmooth) {
    const layer = this.layers.get(name);
    if (!layer || layer.isSmooth === isSmooth) return;
    layer.isSmooth = isSmooth;
    this.isAllDirty = true;
  }

  setSides(sides, share) {
    Object.assign(this, { sides, share, isAllDirty: true });
  }

  setBackground(color) {
    this.background = color;
    this.isAllDirty = true;
  }

  touch(name, rect) {
    const layer = this.layers.get(name);
    if (!layer) return;
    layer.surface.touch(rect);
    if (!rect) this.isAllDirty = true;
    else this.dirty = unite(this.dirty, toVoxels(rect, layer));
  }

  draw(view) {
    const isMoved = view !== this.view;
    this.view = view;
    if (isMoved || this.isAllDirty) this.#paint(null);
    else if (this.dirty) this.#paint(this.#toScreen(this.dirty));
    this.isAllDirty = false;
    this.dirty = null;
  }

  /** Show nothing. */
  clear() {
    const { context, canvas } = this;
    context.fillStyle = this.background;
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.isAllDirty = true;
  }

  /** Give back what the layers hold. */
  close() {
    for (const { surface } of this.layers.values()) surface.release();
    this.layers.clear();
  }

  #paint(clip) {
    const { context, canvas } = this;
    const area = clip ?? { x0: 0, y0: 0, x1: canvas.width, y1: canvas.height };
    if (area.x0 >= area.x1 || area.y0 >= area.y1) return;
    context.save();
    context.beginPath();
    context.rect(area.x0, area.y0, area.x1 - area.x0, area.y1 - area.y0);
    context.clip();
    context.fillStyle = this.background;
    context.fillRect(area.x0, area.y0, area.x1 - area.x0, area.y1 - area.y0);
    const visible = this.#toVoxels(area);
    for (const name of ORDER) if (this.layers.has(name) && !this.#isCovered(name, visible)) this.#paintSide(name, visible);
    context.restore();
  }

  #paintSide(name, visible) {
    const { context, canvas, sides, share } = this;
    const layer = this.layers.get(name);
    if (!sides[name]) return this.#paintLayer(layer, visible);
    const border = Math.round(share * canvas.width);
    context.save();
    context.beginPath();
    context.rect(sides[name] === "left" ? 0 : border, 0, sides[name] === "left" ? border : canvas.width - border, canvas.height);
    context.clip();
    this.#paintLayer(layer, visible);
    return context.restore();
  }

  // The coarse picture is seen only where the sharp one ends.
  #isCovered(name, visible) {
    const image = this.layers.get("image");
    if (name !== "coarse" || !image) return false;
    const { rows, cols } = this.view.extent;
    const needed = intersect(visible, whole(rows, cols));
    return !needed || contains(toVoxels(whole(image.rows, image.cols), image), needed);
  }

  #paintLayer({ rows, cols, scale, origin: { r0, c0 }, opacity, isSmooth, colour, surface }, visible) {
    if (opacity <= 0) return;
    const { context, view, ratio } = this;
    const [fr, fc] = scale;
    const rect = intersect(move(scaleDown(visible, scale), -r0, -c0), whole(rows, cols));
    if (!rect) return;
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = isSmooth || Math.min(fr * view.scale.row, fc * view.scale.col) * ratio < 1;
    const place = (r, c) => ({ x: Math.round(view.x((c + c0) * fc) * ratio), y: Math.round(view.y((r + r0) * fr) * ratio) });
    surface.draw(context, rect, colour, place);
  }

  // One pixel more on each side: smoothing lets a voxel reach into its neighbours.
  #toScreen({ r0, r1, c0, c1 }) {
    const { view, ratio, canvas } = this;
    return {
      x0: Math.max(0, Math.floor(view.x(c0) * ratio) - 1),
      y0: Math.max(0, Math.floor(view.y(r0) * ratio) - 1),
      x1: Math.min(canvas.width, Math.ceil(view.x(c1) * ratio) + 1),
      y1: Math.min(canvas.height, Math.ceil(view.y(r1) * ratio) + 1),
    };
  }

  #toVoxels({ x0, y0, x1, y1 }) {
    const { view, ratio } = this;
    return { r0: view.row(y0 / ratio), r1: view.row(y1 / ratio), c0: view.col(x0 / ratio), c1: view.col(x1 / ratio) };
  }
}

function toVoxels({ r0, r1, c0, c1 }, { scale: [fr, fc], origin }) {
  return { r0: (r0 + origin.r0) * fr, r1: (r1 + origin.r0) * fr, c0: (c0 + origin.c0) * fc, c1: (c1 + origin.c0) * fc };
}
