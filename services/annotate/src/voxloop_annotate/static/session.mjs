// What the components share: the open volume, the view, the tool, the classes, the layers, the save state.
// Only state and what changes it; fetching is done by volume.mjs and annotation.mjs.

import { stepSize } from "./brush.mjs";
import { autoWindow } from "./lookup.mjs";
import { AXES, orderOf } from "./plane.mjs";
import { Store } from "./store.mjs";
import { INITIAL_TOOLING, chooseClass, chooseTool, keepRule, suitVolume } from "./tooling.mjs";
import { View, clampZoom, fitView } from "./view.mjs";

const INITIAL = {
  me: null,
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
  layout: "three",
  chosenLayout: null,
  isCrosshairShown: true,
  activeAxis: null,
  painted: null,
  histogram: null,
  ...INITIAL_TOOLING,
  classId: null,
  classes: [],
  nextClassId: null,
  counts: {},
  hiddenClasses: new Set(),
  layers: {
    image: { isVisible: true, min: 0, max: 255, isSet: false, gamma: 1, isInverted: false, isSmooth: false },
    labels: { isVisible: true, opacity: 0.75, isContour: false },
    prediction: { isVisible: true, opacity: 0.4, isContour: false },
    confidence: { isVisible: false, opacity: 0.5 },
    uncertainty: { isVisible: false, opacity: 0.5 },
    difference: { isVisible: false, opacity: 0.8 },
  },
  prediction: null,
  predictions: [],
  preview: null,
  compare: null,
  live: null,
  previewedModel: null,
  models: [],
  jobs: { train: null, infer: null },
  review: null,
  reviewJob: null,
  place: null,
  revision: null,
  chain: null,
  chainNotes: {},
  history: { canUndo: false, canRedo: false, undoName: null, redoName: null },
  marks: { z: [], y: [], x: [] },
  isAnnotated: null,
  isPainting: false,
  isConnected: null,
  saveState: "saved",
  pendingStrokes: 0,
  saveProblem: null,
  areStrokesKept: true,
  changes: [],
  hasOlderChanges: false,
  progress: null,
  sliceState: "ready",
  refusal: null,
  pointer: null,
  message: null,
};

export class Session extends Store {
  constructor() {
    super({ ...INITIAL });
  }

  /** Show `info`'s volume: the view from `wish` (as in urlstate.mjs) where it fits, the middle slices otherwise. */
  showVolume(info, wish = {}) {
    const middle = info.shape.map((length) => Math.floor(length / 2));
    this.set({ info, problem: null, indices: middle, axis: wish.axis ?? "z", hiddenClasses: new Set() });
    this.setVoxel(middle);
    this.setLayer("image", { ...autoWindow(info.intensity), isSet: false });
    suitVolume(this, info);
    this.applyWish(wish);
    if (!wish.zoom) this.fit();
  }

  /** Take over the view and layers that an address asks for. */
  applyWish({ axis, index, indices, zoom, center, layout, isCrosshairShown, hidden, layers = {} }) {
    if (layout) this.set({ layout });
    if (isCrosshairShown !== undefined) this.set({ isCrosshairShown });
    if (indices) this.setVoxel(indices);
    if (axis) this.setAxis(axis);
    if (index !== undefined) this.setIndex(index);
    if (zoom) this.set({ zoom: clampZoom(zoom), center: center ?? this.state.center, isFitted: false });
    if (hidden) this.set({ hiddenClasses: new Set(hidden) });
    for (const [name, patch] of Object.entries(layers)) this.setLayer(name, patch);
  }

  /** Show slice `index` of the planes across `axis`. */
  setIndex(index, axis = this.state.axis) {
    const voxel = [...this.state.indices];
    voxel[orderOf(axis).depth] = index;
    this.setVoxel(voxel);
  }

  /** Put the crosshair at a voxel [z, y, x], clamped to the volume: all three planes go there. */
  setVoxel(voxel) {
    const { axis, info, indices: before } = this.state;
    if (!info || this.state.isPainting) return;
    const indices = voxel.map((at, along) => Math.min(info.shape[along] - 1, Math.max(0, Math.round(at))));
    const isSame = indices.every((at, along) => at === before[along]);
    this.set({ index: indices[orderOf(axis).depth], indices: isSame ? before : indices });
  }

  /** Put the crosshair at a voxel and see to it that the large plane shows it. */
  goTo(voxel) {
    if (!this.state.info || this.state.isPainting) return;
    this.setVoxel(voxel);
    this.#showCrosshair();
  }

  stepIndex(step, axis = this.state.axis) {
    this.setIndex(this.state.indices[orderOf(axis).depth] + step, axis);
  }

  /** Go to the next slice (`direction` 1) or the one before (-1) that carries strokes. */
  stepMark(direction, axis = this.state.axis) {
    const { indices, marks } = this.state;
    const at = indices[orderOf(axis).depth];
    const ahead = marks[axis].filter((mark) => (mark - at) * direction > 0);
    if (ahead.length) this.setIndex(direction > 0 ? Math.min(...ahead) : Math.max(...ahead), axis);
    else this.say(`no annotated slice ${direction > 0 ? "after" : "before"} ${axis} ${at}`);
  }

  setAxis(axis) {
    const { info, indices, isPainting, isFitted } = this.state;
    if (!info || isPainting || !AXES.includes(axis)) return;
    this.set({ axis, activeAxis: null, index: indices[orderOf(axis).depth] });
    if (isFitted) this.fit();
    else this.#showCrosshair();
  }

  toggleLayout() {
    if (this.state.isPainting) return;
    const layout = this.state.layout === "one" ? "three" : "one";
    this.set({ layout, chosenLayout: layout });
  }

  toggleCrosshair() {
    this.set({ isCrosshairShown: !this.state.isCrosshairShown });
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
    chooseTool(this, tool);
  }

  stepBrush(direction) {
    this.set({ brushSize: stepSize(this.state.brushSize, direction) });
  }

  /** Paint with this class from now on. */
  setClass(classId) {
    chooseClass(this, classId);
  }

  setClasses(classes, counts = this.state.counts) {
    const isKnown = this.state.classId === 255 || classes.some(({ id }) => id === this.state.classId);
    this.set({ classes, counts, classId: isKnown ? this.state.classId : (classes[0]?.id ?? null) });
    keepRule(this);
  }

  /** Take over what the server says of the classes. */
  takeClasses({ classes, counts = {}, next_id: nextClassId = null }) {
    this.set({ nextClassId });
    this.setClasses(classes, counts);
  }

  toggleClass(id) {
    const hiddenClasses = new Set(this.state.hiddenClasses);
    if (!hiddenClasses.delete(id)) hiddenClasses.add(id);
    this.set({ hiddenClasses });
  }

  setLayer(name, patch) {
    const { layers } = this.state;
    this.set({ layers: { ...layers, [name]: { ...layers[name], ...patch } } });
  }

  toggleLayer(name, field = "isVisible") {
    this.setLayer(name, { [field]: !this.state.layers[name][field] });
  }

  #showCrosshair() {
    const { info, axis, indices, zoom, center, screen } = this.state;
    if (!screen.width || new View(gridOf(info), axis, zoom, center, screen).shows(indices)) return;
    this.setView({ center: indices.map((at) => at + 0.5) });
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

export const session = new Session();
