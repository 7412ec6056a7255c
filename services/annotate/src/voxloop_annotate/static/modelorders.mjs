// What can be ordered from a model's card: a prediction, a training that goes on from it, its deletion and return. Each gives what is to be
// told, {kind, title, text, link}, or undefined when nothing was done.

import { getJson, request, sendJson, volumePath } from "./api.mjs";
import { element } from "./element.mjs";
import { deleteVersion, restoreVersion, versionRoute } from "./modelroutes.mjs";
import { ask } from "./question.mjs";

const BUDGETS = [[60, "60 s"], [180, "3 min"], [600, "10 min"], [1800, "30 min"]];

/** Ask which volume to predict, and start it. */
export async function orderPrediction({ name, version, manifest }) {
  const volume = await volumeSelect(manifest.volume);
  const act = async () => {
    await sendJson("POST", volumePath(volume.value, "/predict"), { model: `${name}:${version}` });
    return { kind: "done", title: "Prediction started", text: `${name}:${version} on ${textOf(volume)}`, link: { text: "Watch it", href: `./?volume=${volume.value}` } };
  };
  return ask("Use for prediction", [field("Volume", volume), hint(manifest, volume)], [{ text: "Predict", name: "predict", busy: "Starting…", isOff: !volume.value, act }]);
}

/** Ask on whose labels, how long, and start a training from this model. */
export async function orderTraining({ name, version, manifest }) {
  const volume = await volumeSelect(manifest.volume);
  const budget = element("select", { class: "form-select", "aria-label": "How long" }, ...BUDGETS.map(([seconds, text]) => element("option", { value: seconds }, text)));
  const act = async () => {
    const order = { learner: manifest.learner, budget_s: Number(budget.value), parent: `${name}:${version}`, after: "predict" };
    await sendJson("POST", volumePath(volume.value, "/train"), order);
    return { kind: "done", title: "Training started", text: `from ${name}:${version} on the labels of ${textOf(volume)}`, link: { text: "Watch it", href: `./?volume=${volume.value}` } };
  };
  const about = element("p", { class: "vx-quiet" }, "The training starts from this model's weights and learns from the labels that the volume has now.");
  return ask("Fine-tune", [about, field("Labels of", volume), field("How long", budget)], [{ text: "Train", name: "train", busy: "Starting…", isOff: !volume.value, act }]);
}

/** Ask whether a version may be deleted, or say what needs it. */
export async function orderDeletion({ name, version }) {
  const uses = await getJson(versionRoute(name, version, "/uses"));
  const needed = usesText(uses);
  if (needed.length) {
    const list = element("ul", { class: "vx-needs" }, ...needed.map((text) => element("li", {}, text)));
    return ask(`${name}:${version} cannot be deleted`, [element("p", {}, "It is needed by"), list], []);
  }
  const text = element("p", {}, "It leaves the lists and can be restored until its weights are collected. Its number is never given again.");
  const act = async () => {
    await deleteVersion({ name, version });
    return { kind: "done", title: `${name}:${version} is deleted`, text: "It stands under “Deleted”.", link: { text: "Show deleted models", href: "./models#trash=true" } };
  };
  return ask(`Delete ${name}:${version}?`, [text], [{ text: "Delete", kind: "danger", name: "delete", busy: "Deleting…", act }]);
}

/** Bring a deleted version back. */
export async function orderReturn({ name, version }) {
  await restoreVersion({ name, version });
  return { kind: "done", title: `${name}:${version} is back`, text: "It stands in the lists again." };
}

/** Send a package to the registry; gives what is to be told, in any case. */
export async function importPackage(file) {
  try {
    const { name, version } = await (await request("api/models/import", { method: "POST", body: file })).json();
    return { kind: "done", title: `${name}:${version} is here`, text: `from ${file.name}`, link: { text: "See it", href: `./models/${name}/${version}` }, at: Date.now() };
  } catch (error) {
    return { kind: "error", title: `${file.name} was not imported`, text: error.message, detail: error.detail, at: Date.now() };
  }
}

/** Say in words what keeps a version. */
export function usesText({ aliases = [], children = [], predictions = [] }) {
  const found = [];
  if (aliases.length) found.push(`${aliases.length === 1 ? "the alias" : "the aliases"} ${aliases.join(", ")}: move or take away first`);
  if (children.length) found.push(`${children.join(", ")}, trained from it`);
  if (predictions.length) found.push(`${predictions.length === 1 ? "a prediction" : `${predictions.length} predictions`} of ${[...new Set(predictions.map(({ volume }) => volume))].join(", ")}`);
  return found;
}

async function volumeSelect(usual) {
  const { volumes } = await getJson("api/volumes");
  const select = element("select", { class: "form-select", "aria-label": "Volume" }, ...volumes.map(({ id, name }) => element("option", { value: id }, name)));
  if (volumes.some(({ id }) => id === usual)) select.value = usual;
  return select;
}

function hint(manifest, select) {
  const node = element("p", { class: "vx-quiet" });
  const write = () => (node.textContent = select.value === manifest.volume ? "The volume that it learned from." : `It learned from ${manifest.volume}: look at a preview first whether it suits another one.`);
  select.addEventListener("change", write);
  write();
  return node;
}

const field = (label, control) => element("label", { class: "vx-question-field" }, element("span", { class: "vx-field-label" }, label), control);

const textOf = (select) => select.selectedOptions[0].textContent;
