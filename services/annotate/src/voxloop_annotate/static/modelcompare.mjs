// The ModelCompare component: two to four models side by side: pictures of one slice, scores, curves over each other, what differs.

import { getJson } from "./api.mjs";
import { drawCurves, drawLegend } from "./curvechart.mjs";
import { element, icon } from "./element.mjs";
import { LoadedView } from "./loadedview.mjs";
import { predictionOf, usualSlice } from "./modelcard.mjs";
import { inWords, swatch } from "./modelfacts.mjs";
import { ModelPicture, findVolume } from "./modelpicture.mjs";
import { versionPage, versionRoute } from "./modelroutes.mjs";
import { go } from "./pagelinks.mjs";
import { compareFigures, compareScores, compareSettings } from "./settingdiff.mjs";
import { SlicePicker, sliceOfAddress, tellSlice } from "./slicepicker.mjs";

/** Fill `node` with the comparison of `models` ("name:version") in the props. */
export function mount(node, props) {
  const view = new ModelCompare(node);
  view.open(props);
  return { update: (next) => view.open(next), unmount: () => view.close() };
}

class ModelCompare extends LoadedView {
  open({ models }) {
    if (models.join() !== this.key) this.models = models;
    this.openKey(models.join(), element("div", { class: "vx-waiting" }, icon("busy"), "Loading…"));
  }

  async read() {
    if (this.models.length < 2 || this.models.length > 4) throw new Error(`${this.models.length} were named: compare two to four`);
    return Promise.all(this.models.map(readAll));
  }

  problem(error) {
    return problem(error);
  }

  fill(found) {
    const manifests = found.map(({ card }) => card.record.manifest);
    const names = found.map(({ card: { record } }) => `${record.name}:${record.version}`);
    const heads = () => found.map(({ card: { record } }) => head(record));
    const columns = `--vx-columns:${names.length}`;
    const part = (id, title, ...contents) => element("section", { class: "vx-card-part", "data-part": id }, element("h2", {}, title), ...contents);
    const title = element("h1", { class: "vx-card-title" }, element("a", { href: "./models", class: "vx-muted" }, "Models"), element("span", { class: "vx-muted" }, "/"), "Compare", ...(names.length > 2 ? names.map((name) => this.#chip(name)) : []));
    const pictures = element("div", { class: "vx-compare-pictures", style: columns });
    const curves = drawAll(found, names);
    this.node.replaceChildren(
      element("header", { class: "vx-card-head" }, title),
      part("pictures", "On the same slice", pictures),
      part("scores", "Dice on held-out strokes", table(["", ...heads()], compareScores(manifests).map(scoreRow))),
      part("curves", "Training", ...(curves.length ? [drawLegend(names, found.map((each) => each.curves.length > 0)), element("div", { class: "vx-compare-curves" }, ...curves)] : [element("p", { class: "vx-quiet" }, "None of them has curves here.")])),
      ...differences(manifests, heads, part),
    );
    showPictures(found, names, heads(), pictures);
  }

  #chip(name) {
    const label = `Compare without ${name}`;
    const rest = this.models.filter((each) => each !== name);
    const close = element("button", { type: "button", class: "vx-tag-close", "aria-label": label, title: label, onclick: () => go(`./models/compare/${rest.join(",")}`) }, icon("close"));
    return element("span", { class: "vx-tag", "data-kind": "model" }, name, close);
  }
}

function head({ name, version, aliases }) {
  const link = element("a", { href: versionPage(name, version), class: "vx-compare-name" }, `${name}:${version}`);
  return element("span", { class: "vx-compare-head" }, link, ...aliases.map((alias) => element("span", { class: "vx-tag", "data-kind": "alias" }, alias)));
}

function differences(manifests, heads, part) {
  const settings = compareSettings(manifests);
  const differing = settings.filter(({ isSame }) => !isSame);
  const same = settings.filter(({ isSame }) => isSame);
  const body = differing.length ? table(["", ...heads()], differing.map(plainRow)) : element("p", { class: "vx-quiet" }, "All settings are the same.");
  const rest = element("details", { class: "vx-fold" }, element("summary", {}, `${same.length} that are the same`), table(["", ...manifests.map(() => "")], same.map(plainRow)));
  const figures = table(["", ...heads()], compareFigures(manifests).map(plainRow));
  return [part("settings", "Settings that differ", body, same.length ? rest : null), part("figures", "Figures", figures)];
}

async function readAll(model) {
  const [name, which] = model.split(":");
  const [card, curves, lineage] = await Promise.all([
    getJson(versionRoute(name, which)),
    getJson(versionRoute(name, which, "/curves")).catch(() => []),
    getJson(versionRoute(name, which, "/lineage")).catch(() => null),
  ]);
  return { card, curves, lineage };
}

// All pictures show the volume of the first model: the same slice is what makes them comparable.
async function showPictures(found, names, heads, node) {
  const info = (await Promise.all([...new Set(found.map(({ card }) => card.record.manifest.volume))].map(findVolume))).find(Boolean);
  if (!info) return node.replaceChildren(element("p", { class: "vx-quiet" }, "None of their volumes is in this workspace."));
  const pictures = found.map(({ card: { record }, lineage }, i) => new ModelPicture({ model: names[i], classes: record.manifest.classes, prediction: predictionOf(lineage, names[i], info.id) }, `compare-${i}`));
  const columns = pictures.map((picture, i) => element("div", { "data-picture": names[i] }, heads[i], picture.node, legend(found[i].card.record.manifest.classes)));
  // one after the other: infer answers one preview at a time, and the first are seen first
  let turn = 0;
  const show = async (index) => {
    const own = (turn += 1);
    for (const picture of pictures) if (own === turn) await picture.show(info, "z", index);
  };
  const slice = usualSlice(found.map(({ lineage }) => lineage).find((lineage) => Object.keys(lineage?.lessons ?? {}).length), info);
  const picker = new SlicePicker(info, sliceOfAddress() ?? slice, show, tellSlice);
  node.replaceChildren(...columns);
  node.after(picker.node);
  return null;
}

function drawAll(found, names) {
  const series = found.map(({ curves }, i) => ({ name: names[i], points: curves }));
  return [drawCurves("Dice on held-out strokes", series, "val_dice"), drawCurves("Loss", series, "loss", { fromZero: true })].filter(Boolean);
}

function scoreRow({ name, color, values, best }) {
  const first = element("th", { scope: "row" }, color ? swatch(color) : null, name);
  return element("tr", { "data-score": name }, first, ...values.map((value, i) => element("td", { "data-best": i === best }, value, ...(i === best ? [element("span", { class: "vx-best", title: "highest" }, " ▲")] : []))));
}

function plainRow({ name, values, isSame }) {
  const [label, ...texts] = inWords(name, ...values);
  return element("tr", { "data-setting": name, "data-same": isSame }, element("th", { scope: "row" }, label), ...texts.map((text) => element("td", {}, text)));
}

function table(titles, rows) {
  const first = element("tr", {}, ...titles.map((each) => element("th", { scope: "col" }, each)));
  return element("table", { class: "vx-table vx-compact vx-compare-table" }, element("thead", {}, first), element("tbody", {}, ...rows));
}

const legend = (classes) => element("div", { class: "vx-picture-legend" }, ...classes.map(({ name, color }) => element("span", {}, swatch(color), name)));

function problem(error) {
  const back = element("a", { class: "vx-secondary vx-link-button", href: "./models" }, "All models");
  return element("div", { class: "vx-empty", role: "alert" }, element("strong", {}, "These models cannot be compared"), element("p", {}, error.message), back);
}
