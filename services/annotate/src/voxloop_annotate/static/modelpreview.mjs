// A model's preview of what the planes on the screen show, asked for again when somebody looks elsewhere.

import { request, volumePath } from "./api.mjs";
import { orderOf } from "./plane.mjs";
import { PreviewOverlay } from "./previewoverlay.mjs";
import { gridOfLevel } from "./region.mjs";
import { session } from "./session.mjs";

const SETTLE_MS = 150;

const LOOKS = ["volume", "info", "axis", "indices", "zoom", "center", "screen", "layout", "preview", "models"];

const PAGE = Math.random().toString(36).slice(2);

export class ModelPreview {
  constructor(session, planes = () => [window.voxloop.layout.main, ...window.voxloop.layout.sides]) {
    Object.assign(this, { session, planes, model: null, asked: new Map() });
    this.overlay = new PreviewOverlay(session, () => this.close());
  }

  /** Show what a model ("name:version") says; an earlier one is replaced. */
  open(model) {
    this.close();
    const { volume } = this.session.state;
    Object.assign(this, { model, volume });
    this.end = this.session.watch(LOOKS, () => this.#lookSoon());
    this.session.set({ previewedModel: model });
    this.session.say(`asking ${model} …`);
  }

  close() {
    clearTimeout(this.timer);
    this.end?.();
    Object.assign(this, { model: null, end: null });
    this.asked.clear();
    this.overlay.clear();
    this.session.set({ previewedModel: null });
  }

  // The first is asked for at once: somebody waits for it.
  #lookSoon() {
    if (this.volume !== this.session.state.volume) return this.close();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), this.asked.size ? SETTLE_MS : 0);
  }

  #look() {
    const { info } = this.session.state;
    if (!info || !this.model) return;
    for (const plane of this.planes()) {
      const place = plane.scene.place;
      if (!place) continue;
      const { axis, index, level, region } = place;
      const key = JSON.stringify([this.model, index, level, region]);
      if (this.asked.get(axis) === key) continue;
      this.asked.set(axis, key);
      this.#ask(place, key);
    }
  }

  async #ask({ axis, index, level, levels, region }, key) {
    const { model } = this;
    const body = { model, axis, index, level, region: voxelsOf(levels, level, axis, region), client: `${PAGE}-${axis}` };
    try {
      const answer = await request(volumePath(this.volume, "/preview"), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      const layers = new Uint8Array(await answer.arrayBuffer());
      if (this.asked.get(axis) !== key) return;
      const about = this.session.state.models.find((each) => each.model === model) ?? null;
      const rough = answer.headers.get("X-Exact") === "no" ? " · roughly" : "";
      this.overlay.show({ axis, index }, layers.slice(0, layers.length / 2), layers.slice(layers.length / 2), region, level, `${model}${rough}`, about);
    } catch (error) {
      if (error.type === "Superseded" || this.asked.get(axis) !== key) return;
      this.session.say(`no preview: ${error.message}`);
      if (error.type !== "TooLarge") this.close();
    }
  }
}

/** Give the rows and columns of level 0 of a region of a level. */
export function voxelsOf(levels, level, axis, { r0, r1, c0, c1 }) {
  const { scale } = gridOfLevel(levels, level, axis);
  const { row, col } = orderOf(axis);
  const limit = (value, length) => Math.min(value, length);
  const { shape } = levels[0];
  return [[r0 * scale[0], limit(r1 * scale[0], shape[row])], [c0 * scale[1], limit(c1 * scale[1], shape[col])]];
}

export const modelPreview = new ModelPreview(session);
