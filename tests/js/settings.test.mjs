import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { baseOf, readFields, readGroups, readValue, wanted } = await load("settings");
const { misfitOf, modelText, newestOwn, parentsFor } = await load("parents");

// As pydantic writes it.
const SCHEMA = {
  properties: {
    width: { title: "Width", description: "channels", type: "integer", minimum: 4, maximum: 128, default: 16 },
    in_channels: { title: "Context", enum: [1, 3, 5], type: "integer", default: 3 },
    crop: { title: "Crop", type: "integer", minimum: 32, maximum: 512, multipleOf: 8, default: 96 },
    learning_rate: { title: "Rate", type: "number", exclusiveMinimum: 0, maximum: 0.1, default: 0.003 },
    averaging: { title: "Averaging", type: "number", minimum: 0, exclusiveMaximum: 1, default: 0.99 },
    refit: { title: "Give back", type: "boolean", default: true },
    steps: { title: "Steps", anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }], default: null },
    novelty: { title: "Novelty", type: "number", default: 1 },
  },
};

const field = (name) => readFields(SCHEMA).find((each) => each.name === name);

test("every setting of the schema has its place, also one that the page has never heard of", () => {
  const groups = readGroups(SCHEMA);
  assert.deepEqual(groups.map(({ title }) => title), ["Network", "Learning", "Judging", "Run", "More"]);
  assert.deepEqual(groups.at(-1).fields.map(({ name }) => name), ["novelty"]);
  assert.equal(groups.flatMap(({ fields }) => fields).length, Object.keys(SCHEMA.properties).length);
});

test("what is typed is read, or refused with what would be right", () => {
  assert.deepEqual(readValue("24", field("width")), { value: 24 });
  assert.match(readValue("3", field("width")).problem, /3: give a whole number from 4 to 128/);
  assert.match(readValue("16.5", field("width")).problem, /whole number/);
  assert.match(readValue("", field("width")).problem, /give a whole number/);
  assert.match(readValue("100", field("crop")).problem, /a multiple of 8 from 32 to 512/);
  assert.match(readValue("0", field("learning_rate")).problem, /above 0 up to 0.1/);
  assert.deepEqual(readValue("0,01", field("learning_rate")), { value: 0.01 });
  assert.match(readValue("1", field("averaging")).problem, /from 0 below 1/);
  assert.deepEqual(readValue("5", field("in_channels")), { value: 5 });
  assert.deepEqual(readValue("false", field("refit")), { value: false });
  assert.deepEqual(readValue("", field("steps")), { value: null });
  assert.match(readValue("0", field("steps")).problem, /from 1 up or nothing/);
  assert.equal(wanted(field("novelty")), "a number");
});

const MODELS = [
  { model: "nerve:2", learner: "unet", is_ours: true, volume: "nerve", mean_dice: 0.861, voxel_ratio: 1, settings: { width: 24, depth: 3, seed: 7 } },
  { model: "rock:1", learner: "unet", is_ours: false, volume: "rock", mean_dice: null, voxel_ratio: 4, settings: { width: 16, depth: 3 } },
  { model: "quick:1", learner: "instant", is_ours: true, volume: "nerve", mean_dice: 0.8, voxel_ratio: 1, settings: {} },
];

test("a training starts from the newest model of these labels that fits, never from a stranger's unasked", () => {
  assert.equal(newestOwn(MODELS, "unet", {}).model, "nerve:2");
  assert.equal(newestOwn(MODELS, "unet", { width: 16 }), null);
  assert.equal(misfitOf(MODELS[0], "unet", { width: 16 }), "its width is 24, not 16");
  assert.equal(misfitOf(MODELS[2], "unet", {}), "made by instant");
  assert.deepEqual(parentsFor(MODELS, "unet", { width: 16 }).map(({ model }) => model.model), ["rock:1", "nerve:2"]);
});

test("a model's name says its score, where it is from and how large its voxels were", () => {
  assert.equal(modelText(MODELS[0]), "nerve:2 · 0.86");
  assert.equal(modelText(MODELS[1]), "rock:1 · from rock · voxels 4.0 × larger");
});

test("a setting is the parent's unless somebody sets it, but a run's seed and length are its own", () => {
  assert.equal(baseOf(field("width"), MODELS[0]), 24);
  assert.equal(baseOf(field("width"), null), 16);
  assert.equal(baseOf(field("steps"), { settings: { steps: 9 } }), null);
});
