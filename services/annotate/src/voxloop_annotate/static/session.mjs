// What the components share: the open volume, the view, the tool, the classes, the layers, the save state.
// Only state and what changes it; fetching is done by volume.mjs and annotation.mjs.

import { stepSize } from "./brush.mjs";
import { autoWindow } from "./lookup.mjs";
import { AXES, orderOf } from "./plane.mjs";
import { Store } from "./store.mjs";
import { clampZoom, fitView } from "./view.mjs";

const INITIAL = {
  volume: null,
  info: null,
  problem: null,
  axis: "z",
  index: 0,
  indices: [0, 0, 0],
  zoom: 1,
  center: [0, 0, 0],
  isFitted: true,
  screen: { width: 0, height: 0 },
  tool: "brush",
  brushSize: 12,
  overwrite: "all",
  classId: null,
  classes: [],
  counts: {},
  hiddenClasses: new Set(),
  layers: {
    image: { isVisible: true, min: 0, max: 255, isSet: false },
    labels: { isVisible: true, opacity: 0.75 },
    prediction: { isVisible: true, opacity: 0.4 },
  },
  prediction: null,
  predictions: [],
  history: { canUndo: false, canRedo: false, undoName: null, redoName: null },
  marks: { z: [], y: [], x: [] },
  isAnnotated: null,
  isPainting: false,
  isConnected: null,
  saveState: "saved",
  pendingStrokes: 0,
  saveProblem: null,
  sliceState: "ready",
  refusal: null,
  pointer: null,
  message: null,
};

export class Session extends Store {
  constructor() {
    super({ ...INITIAL });
  }

  /** Show `info`'s volume: the view from `wish` (as in urlstate.mjs) where it fits, the middle slice otherwise. */
  showVolume(info, wish = {}) {
    const middle = info.shape.map((length) => Math.floor(length / 2));
    this.set({ info, problem: null, indices: middle, axis: wish.axis ?? "z", hiddenClasses: new Set() });
    this.setIndex(wish.index ?? middle[orderOf(this.state.axis).depth]);
    this.setLayer("image", { ...autoWindow(info.intensity), isSet: false });
    this.applyWish(wish);
    if (!wish.zoom) this.fit();
  }

  /** Take over the view and layers that an address asks for. */
  applyWish({ axis, index, zoom, center, window, labels, prediction }) {
    if (axis) this.setAxis(axis);
    if (index !== undefined) this.setIndex(index);
    if (zoom) this.set({ zoom: clampZoom(zoom), center: center ?? this.state.center, isFitted: false });
    if (window) this.setLayer("image", { ...window, isSet: true });
    if (labels) this.setLayer("labels", labels);
    if (prediction) this.setLayer("prediction", prediction);
  }

  setIndex(index) {
    const { axis, info, indices } = this.state;
    if (!info || this.state.isPainting) return;
    const { depth } = orderOf(axis);
    const inside = Math.min(info.shape[depth] - 1, Math.max(0, Math.round(index)));
    this.set({ index: inside, indices: replaceAt(indices, depth, inside) });
  }

  stepIndex(step) {
    this.setIndex(this.state.index + step);
  }

  setAxis(axis) {
    const { info, indices, isPainting, isFitted } = this.state;
    if (!info || isPainting || !AXES.includes(axis)) return;
    this.set({ axis, index: indices[orderOf(axis).depth] });
    if (isFitted) this.fit();
  }

  setView({ zoom, center }) {
    this.set({ zoom: zoom ?? this.state.zoom, center: center ?? this.state.center, isFitted: false });
  }

  /** Zoom around the middle of the screen. */
  zoomBy(factor) {
    if (this.state.info) this.setView({ zoom: clampZoom(this.state.zoom * factor) });
  }

  setScreen(screen) {
    this.set({ screen });
    if (this.state.isFitted) this.fit();
  }

  fit() {
    const { info, axis, screen } = this.state;
    if (info && screen.width) this.set({ ...fitView(gridOf(info), axis, screen), isFitted: true });
  }

  setTool(tool) {
    if (!this.state.isPainting) this.set({ tool });
  }

  stepBrush(direction) {
    this.set({ brushSize: stepSize(this.state.brushSize, direction) });
  }

  /** Paint with this class from now on. */
  setClass(classId) {
    const isKnown = classId === 255 || this.state.classes.some(({ id }) => id === classId);
    if (isKnown && !this.state.isPainting) this.set({ classId, tool: "brush" });
  }

  setClasses(classes, counts = this.state.counts) {
    const isKnown = this.state.classId === 255 || classes.some(({ id }) => id === this.state.classId);
    this.set({ classes, counts, classId: isKnown ? this.state.classId : (classes[0]?.id ?? null) });
  }

  toggleClass(id) {
    const hiddenClasses = new Set(this.state.hiddenClasses);
    if (!hiddenClasses.delete(id)) hiddenClasses.add(id);
    this.set({ hiddenClasses });
  }

  toggleOverwrite() {
    this.set({ overwrite: this.state.overwrite === "all" ? "unlabelled" : "all" });
  }

  setLayer(name, patch) {
    const { layers } = this.state;
    this.set({ layers: { ...layers, [name]: { ...layers[name], ...patch } } });
  }

  toggleLayer(name) {
    this.setLayer(name, { isVisible: !this.state.layers[name].isVisible });
  }

  autoWindow() {
    if (this.state.info) this.setLayer("image", { ...autoWindow(this.state.info.intensity), isSet: false });
  }

  /** Say something in the status line for a moment. */
  say(text) {
    this.set({ message: { text, time: Date.now() } });
  }
}

/** Give the voxel grid of a volume as the view needs it. */
export const gridOf = ({ shape, voxel_size: voxelSize }) => ({ shape, voxelSize: voxelSize ?? [1, 1, 1] });

function replaceAt(list, at, value) {
  return list.map((each, i) => (i === at ? value : each));
}

export const session = new Session();
