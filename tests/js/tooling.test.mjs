import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { Session } = await load("session");
const { CHOICES, diameterOf, paintSettings, toleranceStep } = await load("options");
const tooling = await load("tooling");
const { TOOLS } = await load("tools");

const INFO = { shape: [20, 30, 40], voxel_size: [1, 1, 1], dtype: "uint16", intensity: { min: 0, max: 9000, percentiles: { 0.1: 100, 99.9: 2100 } }, levels: [] };

const CLASSES = [{ id: 1, name: "a", color: "#e69f00" }, { id: 4, name: "b", color: "#56b4e9" }];

function openSession() {
  const session = new Session();
  session.setScreen({ width: 400, height: 300 });
  session.setClasses(CLASSES);
  session.showVolume(INFO);
  return session;
}

test("a volume brings intensities that suit it", () => {
  const { low, high, tolerance } = openSession().state.options;
  assert.deepEqual([low, high, tolerance], [100, 2100, 200]);
  assert.equal(toleranceStep(INFO.intensity, true), 10);
  assert.equal(toleranceStep({ min: 0, max: 1 }, false), 0.01);
  assert.equal(toleranceStep({ min: 0, max: 3 }, true), 1);
});

test("options keep to their limits and choices, and what makes no sense changes nothing", () => {
  const session = openSession();
  tooling.setOption(session, "slices", 99.4);
  assert.equal(session.state.options.slices, 31);
  tooling.setOption(session, "slices", Number.NaN);
  tooling.setOption(session, "reach", "everywhere");
  assert.deepEqual([session.state.options.slices, session.state.options.reach], [31, "slice"]);
  for (const [value] of [...CHOICES.reach.slice(1), CHOICES.reach[0]]) {
    tooling.cycleOption(session, "reach");
    assert.equal(session.state.options.reach, value);
  }
});

test("nothing is changed under a stroke", () => {
  const session = openSession();
  session.set({ isPainting: true });
  tooling.setOption(session, "slices", 5);
  tooling.setOverwrite(session, "unlabelled");
  assert.deepEqual([session.state.options.slices, session.state.overwrite], [2, "all"]);
});

test("the brush keeps its size on the screen when it is measured in pixels, and back", () => {
  const session = openSession();
  session.set({ zoom: 4 });
  tooling.setOption(session, "unit", "pixels");
  assert.equal(session.state.brushSize, 48);
  assert.equal(diameterOf(session.state, 4), 12);
  assert.equal(diameterOf(session.state, 8), 6);
  tooling.setOption(session, "unit", "voxels");
  assert.equal(session.state.brushSize, 12);
});

test("the rule goes from all to unlabelled to one other class, and is dropped with that class", () => {
  const session = openSession();
  tooling.cycleOverwrite(session);
  assert.equal(session.state.overwrite, "unlabelled");
  tooling.cycleOverwrite(session);
  assert.deepEqual([session.state.overwrite, session.state.replaces], ["class", 4]);
  session.setClasses(CLASSES.slice(0, 1));
  assert.deepEqual([session.state.overwrite, session.state.replaces], ["all", null]);
});

test("erasing heeds a class but not “only unlabelled”", () => {
  const { state } = openSession();
  const of = (overwrite, replaces = null) => paintSettings({ ...state, overwrite, replaces }, "erase");
  assert.deepEqual(of("unlabelled"), { tool: "erase", value: 0, overwrite: "all", replaces: null, intensity: null });
  assert.deepEqual(of("class", 4), { tool: "erase", value: 0, overwrite: "class", replaces: 4, intensity: null });
  const erasing = { ...state, options: { ...state.options, isErasing: true } };
  assert.equal(paintSettings(erasing, "lasso").value, 0);
  assert.equal(paintSettings(erasing, "brush").value, 1, "the brush has an eraser of its own");
});

test("a class that is chosen is painted with: tools that paint stay, and no longer erase", () => {
  const session = openSession();
  session.setTool("lasso");
  tooling.setOption(session, "isErasing", true);
  session.setClass(4);
  assert.deepEqual([session.state.tool, session.state.classId, session.state.options.isErasing], ["lasso", 4, false]);
  for (const tool of ["pan", "pick", "erase"]) {
    session.setTool(tool);
    session.setClass(1);
    assert.equal(session.state.tool, "brush");
  }
});

test("another tool drops the polygon that was begun, the same one does not", () => {
  const session = openSession();
  session.setTool("polygon");
  let drops = 0;
  session.set({ draft: { name: "polygon", drop: () => (drops += 1) } });
  session.setTool("polygon");
  assert.equal(drops, 0);
  session.setTool("brush");
  assert.equal(drops, 1);
});

test("tools have a name, a key and an icon of their own", () => {
  for (const field of ["name", "key", "icon", "label"]) assert.equal(new Set(TOOLS.map((tool) => tool[field])).size, TOOLS.length, field);
});
