// What a model says of the planes on the screen, shown in the place of the prediction: not saved, so nothing of it can be accepted.
// The session's `preview` is null or {owner, note, about, planes: {axis: shown}}, with a `shown` as in Scene for classes and confidence.

import { gridOfLevel } from "./region.mjs";

export class PreviewOverlay {
  /** `onClose()` is called when somebody closes what this one shows, or another one takes its place. */
  constructor(session, onClose = () => {}) {
    Object.assign(this, { session, onClose });
  }

  get isShown() {
    return this.session.state.preview?.owner === this;
  }

  /**
   * Show `classes` and `confidence` (Uint8Array, rows × cols of `region` = {r0, r1, c0, c1} in pixels of pyramid level `level`) on the
   * plane {axis, index}, with a `note` that says what is seen. `about` = {classes, is_ours} says what the numbers mean, as of a
   * prediction; null: those of the labels.
   */
  show({ axis, index }, classes, confidence, region, level, note, about = null) {
    const { preview, info, volume } = this.session.state;
    if (!info) return;
    if (preview && preview.owner !== this) preview.owner.onClose();
    const size = { rows: region.r1 - region.r0, cols: region.c1 - region.c0, dtype: "uint8" };
    const place = { volume, axis, index, level, region, scale: gridOfLevel(info.levels, level, axis).scale, origin: { r0: region.r0, c0: region.c0 } };
    const shown = { prediction: { ...place, slice: { data: classes, ...size } }, confidence: { ...place, slice: { data: confidence, ...size } } };
    const planes = { ...(this.isShown ? preview.planes : {}), [axis]: shown };
    this.session.set({ preview: { owner: this, note, about, planes } });
  }

  /** Show the prediction again; nothing happens where another one is shown. */
  clear() {
    if (this.isShown) this.session.set({ preview: null });
  }
}

/** Give {prediction, confidence} to show on the plane `axis` = `index` instead of the prediction's; null without a preview. */
export function previewAt({ preview, volume }, axis, index) {
  if (!preview) return null;
  const found = preview.planes[axis];
  const isHere = found?.prediction.index === index && found.prediction.volume === volume;
  return isHere ? found : { prediction: null, confidence: null };
}

/** Close the preview that is shown, whoever shows it. */
export function closePreview(session) {
  const { preview } = session.state;
  if (!preview) return;
  session.set({ preview: null });
  preview.owner.onClose();
}
