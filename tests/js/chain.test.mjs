// The chain as the page edits it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./static.mjs";

const chains = await load("chain");
const { EMPTY, addStep, changeStep, moveStep, newStep, promote, ranking, readKinds, readNumber, removeStep, toggleClass } = chains;

const CLASSES = [1, 2, 5].map((id) => ({ id, name: `class ${id}` }));

const SCHEMA = {
  $defs: {
    Closing: { description: "Close gaps.", properties: { classes: {}, kind: { const: "closing" }, size: { default: 3, maximum: 31, minimum: 3, odd: true, title: "Kernel", type: "integer" }, extent: { default: "slice", enum: ["slice", "volume"], title: "Extent", type: "string" } } },
    Range: { description: "Keep.", properties: { kind: {}, low: { anyOf: [{ type: "number" }, { type: "null" }], default: null, title: "From" } } },
  },
  properties: { steps: { items: { discriminator: { mapping: { closing: "#/$defs/Closing", range: "#/$defs/Range" } } } } },
};

const [CLOSING, RANGE] = readKinds(SCHEMA);

test("fields come from the schema, with bounds and choices", () => {
  assert.deepEqual(CLOSING.fields.map(({ name, type }) => [name, type]), [["size", "integer"], ["extent", "choice"]]);
  assert.deepEqual([CLOSING.fields[0].min, CLOSING.fields[0].max, CLOSING.fields[0].isOdd], [3, 31, true]);
  assert.deepEqual(CLOSING.fields[1].choices, [["slice", "slice"], ["volume", "3D"]]);
  assert.deepEqual([RANGE.fields[0].isOptional, RANGE.fields[0].type], [true, "number"]);
});

test("a new step has the schema's defaults, a range the volume's intensities", () => {
  assert.deepEqual(newStep(CLOSING, {}), { kind: "closing", classes: null, size: 3, extent: "slice" });
  assert.deepEqual(newStep(RANGE, { min: 0, max: 9, percentiles: { 1: 2, 99: 7 } }), { kind: "range", classes: null, low: 2, high: 7 });
});

test("steps are added, changed, moved and removed without touching the chain before", () => {
  const [a, b, c] = ["a", "b", "c"].map((kind) => ({ kind }));
  const chain = [a, b, c].reduce(addStep, EMPTY);
  const kinds = (found) => found.steps.map(({ kind }) => kind).join("");
  assert.equal(kinds(moveStep(chain, 0, 1)), "bac");
  assert.equal(kinds(moveStep(chain, 2, 0)), "cab");
  assert.equal(kinds(moveStep(chain, 2, 9)), "abc");
  assert.equal(kinds(removeStep(chain, 1)), "ac");
  assert.equal(changeStep(chain, 1, { size: 5 }).steps[1].size, 5);
  assert.equal(kinds(chain), "abc");
  assert.equal(EMPTY.steps.length, 0);
});

test("all classes but the fallback are the same as none named", () => {
  const one = toggleClass({ classes: null }, 5, CLASSES, 1);
  assert.deepEqual(one.classes, [2]);
  assert.equal(toggleClass(one, 5, CLASSES, 1).classes, null);
  assert.deepEqual(toggleClass({ classes: null }, 1, CLASSES, 1).classes, [1, 2, 5]);
  assert.deepEqual(toggleClass({ classes: [2] }, 2, CLASSES, 1).classes, []);
});

test("the fallback loses against all others unless the priority says otherwise", () => {
  assert.deepEqual(ranking({ priority: [], fallback: 1 }, CLASSES), [2, 5, 1]);
  assert.deepEqual(ranking({ priority: [1, 5], fallback: 1 }, CLASSES), [1, 5, 2]);
  assert.deepEqual(promote(EMPTY, 5, CLASSES).priority, [5, 2, 1]);
  assert.equal(promote(EMPTY, 2, CLASSES), EMPTY);
});

test("a number out of bounds is none", () => {
  const size = CLOSING.fields[0];
  assert.equal(readNumber("5", size), 5);
  for (const text of ["4", "33", "1", "3.5", "x", ""]) assert.equal(readNumber(text, size), undefined, text);
  assert.equal(readNumber(" −29,5 ", RANGE.fields[0]), -29.5);
  assert.equal(readNumber("", RANGE.fields[0]), null);
});
