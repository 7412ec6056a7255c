// The ModelCard component: all about one version of a model. What is asked of other services comes later, each part by itself.

import { getJson } from "./api.mjs";
import { drawCurves } from "./curvechart.mjs";
import { element, icon } from "./element.mjs";
import { drawLineage, snapshotOf, strokeText } from "./lineagegraph.mjs";
import { LoadedView } from "./loadedview.mjs";
import { drawClasses, drawFiles, drawFigures, drawPairs, drawUsage, flatEntries } from "./modelfacts.mjs";
import { ModelHead } from "./modelhead.mjs";
import { ModelPicture, findVolume } from "./modelpicture.mjs";
import { versionRoute } from "./modelroutes.mjs";
import { SlicePicker, sliceOfAddress, tellSlice } from "./slicepicker.mjs";

/** Fill `node` with the card of `name` and `which` in the props. */
export function mount(node, props, setProps) {
  const card = new ModelCard(node, setProps);
  card.open(props);
  return { update: (next) => card.open(next), unmount: () => card.close() };
}

class ModelCard extends LoadedView {
  constructor(node, setProps) {
    super(node);
    this.head = new ModelHead(() => this.load(), (notice) => setProps({ notice: { ...notice, at: Date.now() } }));
  }

  open({ name, which }) {
    const key = `${name}/${which}`;
    if (key !== this.key) Object.assign(this, { name, which });
    this.openKey(key, skeleton());
  }

  read() {
    return getJson(versionRoute(this.name, this.which));
  }

  fill(card) {
    this.head.show(card);
    this.#fill(card);
  }

  #fill({ record, usage, has_volume: hasVolume }) {
    const { manifest } = record;
    const part = (id, title, ...contents) => element("section", { class: "vx-card-part", "data-part": id }, element("h2", {}, title), ...contents);
    const picture = element("div", { class: hasVolume ? "vx-picture-slot" : null }, element("div", { class: "vx-picture-frame" }, waiting()));
    const [curves, lineage] = [element("div", {}, waiting()), element("div", {}, waiting())];
    const beside = element("div", {}, part("classes", "Classes", ...drawClasses(manifest)), part("curves", "Training", curves));
    const columns = [[part("picture", "On a slice", picture), beside], [part("settings", "Settings", drawPairs(flatEntries(manifest.settings))), part("figures", "Figures", drawFigures(manifest))]];
    const below = [part("lineage", "Lineage", lineage), part("files", "Files", drawFiles(record)), part("usage", "Use it", ...drawUsage(usage))];
    this.node.replaceChildren(this.head.node, ...columns.map((each) => element("div", { class: "vx-card-columns" }, ...each)), ...below);
    this.#loadCurves(record, curves);
    this.#loadLineage(record, lineage, picture, hasVolume);
  }

  async #loadCurves({ name, version }, node) {
    const points = await getJson(versionRoute(name, version, "/curves")).catch(() => []);
    const series = [{ name: `${name}:${version}`, points }];
    const charts = [drawCurves("Loss", series, "loss", { fromZero: true }), drawCurves("Dice on held-out strokes", series, "val_dice")].filter(Boolean);
    node.replaceChildren(...(charts.length ? charts : [element("p", { class: "vx-quiet" }, "No curves: the learner reports none, or its training job is not in this workspace.")]));
  }

  // The picture needs to know which predictions there are, and on which slices somebody painted.
  async #loadLineage(record, node, picture, hasVolume) {
    const turn = this.turn;
    let lineage = null;
    try {
      lineage = await getJson(versionRoute(record.name, record.version, "/lineage"));
      if (turn !== this.turn) return;
      const graph = drawLineage(lineage);
      node.replaceChildren(graph.node);
      this.#teach(lineage, graph.open);
    } catch (error) {
      node.replaceChildren(element("p", { class: "vx-quiet", role: "alert" }, `The lineage cannot be read: ${error.message}`));
    }
    if (turn === this.turn) await showPicture(record, lineage, picture, hasVolume);
  }

  #teach(lineage, open) {
    const snapshot = snapshotOf(lineage);
    const lesson = lineage.lessons[snapshot];
    this.head.teach(lesson ? strokeText(lesson) : null, () => {
      open(snapshot);
      this.node.querySelector("[data-part=lineage]").scrollIntoView();
    });
  }

  problem(error) {
    const again = element("button", { type: "button", class: "vx-secondary", onclick: () => this.load() }, "Try again");
    const back = element("a", { class: "vx-secondary vx-link-button", href: "./models" }, "All models");
    const title = error.status === 404 ? "There is no such model" : "The model cannot be shown";
    return element("div", { class: "vx-empty", role: "alert" }, element("strong", {}, title), element("p", {}, error.message), element("div", { class: "vx-empty-actions" }, back, ...(error.status === 404 ? [] : [again])));
  }
}

/** Show what a version says of its volume, with a slider through the slices; `lineage` names its predictions and the annotated slices. */
async function showPicture({ name, version, manifest, runnable, deleted }, lineage, node, hasVolume) {
  const info = hasVolume ? await findVolume(manifest.volume) : null;
  if (!info) return node.replaceChildren(noPicture(`Its volume ${manifest.volume} is not in this workspace.`));
  const prediction = predictionOf(lineage, `${name}:${version}`, info.id);
  if (!prediction && (!runnable || deleted)) return node.replaceChildren(noPicture("It has predicted nothing here, and cannot be asked."));
  const picture = new ModelPicture({ model: `${name}:${version}`, classes: manifest.classes, prediction }, "card");
  const picker = new SlicePicker(info, sliceOfAddress() ?? usualSlice(lineage, info), (index) => picture.show(info, "z", index), tellSlice);
  return node.replaceChildren(picture.node, picker.node);
}

/** Give the id of the newest whole prediction of a volume by a model alone, or null. */
export function predictionOf(lineage, model, volume) {
  const made = (lineage?.nodes ?? []).filter(({ kind, volume: of, partial }) => kind === "prediction" && of === volume && !partial);
  const own = made.filter(({ id }) => lineage.edges.some(({ source, target }) => target === id && source === `model:${model}`));
  return own.sort((a, b) => (a.created < b.created ? 1 : -1))[0]?.prediction ?? null;
}

/** Give the annotated z slice nearest to the middle, or the middle. */
export function usualSlice(lineage, { id, shape }) {
  const middle = Math.floor(shape[0] / 2);
  const lessons = Object.values(lineage?.lessons ?? {}).filter(({ volume }) => volume === id);
  const slices = lessons.flatMap(({ newest }) => newest.filter(({ axis, index }) => axis === "z" && index !== null && index < shape[0]).map(({ index }) => index));
  return slices.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0] ?? middle;
}

const noPicture = (text) => element("div", { class: "vx-picture-frame vx-quiet" }, text);

const waiting = () => element("div", { class: "vx-waiting" }, icon("busy"), "Loading…");

const skeleton = () => element("div", { class: "vx-card-skeleton", "aria-busy": "true", "aria-label": "Loading the model" }, ...["40%", "70%", "100%", "100%"].map((width) => element("div", { class: "vx-skeleton", style: `width:${width}` })));
