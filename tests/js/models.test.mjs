import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { EVERYTHING, comparePath, isFiltered, toggleGroup, writeView } = await load("modelview");
const { placeNodes } = await load("lineagelayout");
const { curvesOf } = await load("curvechart");
const { flatEntries, inWords, scoreText, scoresOf, sizeText } = await load("modelfacts");
const { snapshotOf, strokeText } = await load("lineagegraph");
const { compareFigures, compareScores, compareSettings } = await load("settingdiff");
const { predictionOf, usualSlice } = await load("modelcard");
const { usesText } = await load("modelorders");

test("the address holds what the list shows, and nothing that is as usual", () => {
  assert.equal(writeView(EVERYTHING, null), "");
  const query = { ...EVERYTHING, q: "bone marrow", least_dice: 0.8, newest: true, group: "volume", opened: ["rock", "a & b"] };
  const fields = new URLSearchParams(writeView(query, { column: "dice", order: "desc" }));
  assert.deepEqual(Object.fromEntries(fields), { q: "bone marrow", least_dice: "0.8", newest: "true", group: "volume", opened: "rock\na & b", sort: "-dice" });
  assert.equal(new URLSearchParams(writeView({ ...query, group: "" }, null)).get("opened"), null);
});

test("a group is no filter, words are one", () => {
  assert.equal(isFiltered({ ...EVERYTHING, group: "name", opened: ["x"] }), false);
  assert.equal(isFiltered({ ...EVERYTHING, q: "x" }), true);
  assert.equal(isFiltered({ ...EVERYTHING, trash: true }), true);
});

test("a group opens and closes without touching the others", () => {
  const opened = toggleGroup({ ...EVERYTHING, opened: ["a"] }, "b");
  assert.deepEqual(opened.opened, ["a", "b"]);
  assert.deepEqual(toggleGroup(opened, "a").opened, ["b"]);
});

test("two to four models can be compared", () => {
  assert.deepEqual([[], ["a:1"], ["a:1", "b:2", "c:3", "d:4", "e:5"]].map(comparePath), [null, null, null]);
  assert.equal(comparePath(["a:1", "b:2"]), "./models/compare/a:1,b:2");
});

const node = (id) => ({ id });

const edge = (source, target) => ({ source, target });

test("each thing of a lineage stands right of what gave it, and no two on one place", () => {
  const nodes = ["volume", "first labels", "second labels", "parent", "child", "job", "one", "two"].map(node);
  const edges = [edge("volume", "first labels"), edge("volume", "second labels"), edge("first labels", "parent"), edge("second labels", "child"), edge("parent", "child"), edge("job", "child"), edge("child", "one"), edge("child", "two")];
  const { places, columns, rows } = placeNodes(nodes, edges);
  for (const { source, target } of edges) assert.ok(places.get(source).column < places.get(target).column, `${source} → ${target}`);
  assert.equal(places.get("job").column, places.get("child").column - 1);
  assert.equal(new Set([...places.values()].map(({ column, row }) => `${column} ${row}`)).size, nodes.length);
  assert.deepEqual([columns, Math.max(...[...places.values()].map(({ row }) => row)) + 1], [5, rows]);
});

test("a lineage in a circle, or with an edge to nowhere, still has its places", () => {
  const { places } = placeNodes(["a", "b"].map(node), [edge("a", "b"), edge("b", "a"), edge("a", "gone")]);
  assert.equal(places.size, 2);
});

test("curves of several models share their axes; what was not reported leaves no point", () => {
  const series = [{ name: "a", points: [{ elapsed_s: 0, loss: 2 }, { elapsed_s: 5, loss: null }, { elapsed_s: 10, loss: 1 }] }, { name: "b", points: [{ elapsed_s: 20, loss: 0.5 }] }];
  const { low, high, seconds, lines } = curvesOf(series, "loss", { fromZero: true });
  assert.deepEqual([low, high, seconds], [0, 2, 20]);
  assert.deepEqual(lines.map(({ points }) => points.length), [2, 1]);
  assert.ok(lines[0].points[0][1] < lines[0].points[1][1], "a higher loss stands higher");
  assert.ok(lines[1].points[0][0] > lines[0].points[1][0]);
  assert.equal(curvesOf(series, "val_dice"), null);
});

test("a curve that does not move is drawn with room below it", () => {
  const { low, high, lines } = curvesOf([{ name: "a", points: [{ elapsed_s: 0, val_dice: 0.5 }, { elapsed_s: 9, val_dice: 0.5 }] }], "val_dice");
  assert.deepEqual([low, high], [0.45, 0.5]);
  assert.equal(lines[0].points[0][1], 8);
});

const manifest = (changes = {}) => ({
  learner: "unet", planes: "z", volume: "rock", snapshot: "S", duration_s: 60, hardware: "cpu",
  classes: [{ id: 1, name: "bone", color: "#e69f00" }, { id: 2, name: "marrow", color: "#0072b2" }],
  settings: { width: 16, parts: { a: true } }, metrics: { mean_dice: 0.9, dice_spread: 0.01, dice: { 1: 0.95, 2: null }, steps: 100 }, ...changes,
});

test("settings that differ come first, and absent ones count as different", () => {
  const rows = compareSettings([manifest(), manifest({ settings: { width: 32 } })]);
  const differing = rows.filter(({ isSame }) => !isSame);
  assert.deepEqual(differing, rows.slice(0, differing.length));
  assert.deepEqual(differing.map(({ name, values }) => [name, ...values]), [["width", "16", "32"], ["parts.a", "yes", "–"]]);
});

test("classes are compared by their names, and the best is named only where there is one", () => {
  const other = manifest({ classes: [{ id: 5, name: "marrow", color: "#0072b2" }], metrics: { mean_dice: 0.9, dice: { 5: 0.7 } } });
  const rows = compareScores([manifest(), other]);
  assert.deepEqual(rows.map(({ name, best }) => [name, best]), [["mean Dice", null], ["bone", 0], ["marrow", 1]]);
  assert.deepEqual(rows[2].values, ["not judged", "0.700"]);
  assert.deepEqual(compareFigures([manifest(), other]).find(({ name }) => name === "steps").values, ["100", "–"]);
});

test("scores carry their spread, sizes a unit", () => {
  assert.deepEqual(scoresOf(manifest()).map(({ dice }) => dice), [0.95, null]);
  assert.deepEqual([scoreText(0.9, 0.01), scoreText(0.9, null), scoreText(null)], ["0.900 ± 0.010", "0.900", "not judged"]);
  assert.deepEqual([12, 1234, 104857600].map(sizeText), ["12 B", "1.23 kB", "105 MB"]);
  assert.deepEqual(flatEntries({ a: { b: [1, 2.34567] }, c: null }), [["a.b", "1, 2.346"], ["c", "–"]]);
});

test("names end in no unit, values do", () => {
  assert.deepEqual(inWords("budget_s", "60", "–"), ["budget", "60 s", "–"]);
  assert.deepEqual(inWords("held_out_voxels", "812"), ["held out voxels", "812"]);
});

test("of all labels in a lineage, those that taught the model itself are found, and whose they are", () => {
  const edges = [{ source: "old labels", target: "parent", kind: "taught" }, { source: "labels", target: "model", kind: "taught" }, { source: "parent", target: "model", kind: "parent" }];
  assert.equal(snapshotOf({ root: "model", edges }), "labels");
  assert.equal(snapshotOf({ root: "other", edges }), undefined);
  const by = (...authors) => strokeText({ strokes: authors.length, teachers: authors.map((author) => ({ author })) });
  assert.deepEqual([by("ada"), by("ada", "ben"), by("ada", "ben", "cy"), by()], ["1 stroke by ada", "2 strokes by ada, ben", "3 strokes by 3 people", "0 strokes"]);
});

const made = (id, created, extra = {}) => ({ kind: "prediction", id: `prediction:rock/${id}`, prediction: id, volume: "rock", created, partial: false, ...extra });

test("the newest whole prediction by the model itself is shown", () => {
  const nodes = [made("old", "2026-01-01"), made("new", "2026-02-01"), made("growing", "2026-03-01", { partial: true }), made("elsewhere", "2026-04-01", { volume: "bone" }), made("child's", "2026-05-01")];
  const edges = nodes.map(({ id }) => edge(id.endsWith("child's") ? "model:nerve:3" : "model:nerve:2", id));
  assert.equal(predictionOf({ nodes, edges }, "nerve:2", "rock"), "new");
  assert.equal(predictionOf({ nodes: [], edges: [] }, "nerve:2", "rock"), null);
  assert.equal(predictionOf(null, "nerve:2", "rock"), null);
});

test("the picture begins where somebody painted, near the middle", () => {
  const info = { id: "rock", shape: [100, 10, 10] };
  const newest = [3, 44, 90, 400].map((index) => ({ axis: "z", index })).concat([{ axis: "y", index: 50 }]);
  assert.equal(usualSlice({ lessons: { a: { volume: "rock", newest } } }, info), 44);
  assert.equal(usualSlice({ lessons: { a: { volume: "bone", newest } } }, info), 50);
  assert.equal(usualSlice(null, info), 50);
});

test("what keeps a model is told in words", () => {
  assert.deepEqual(usesText({ aliases: [], children: [], predictions: [] }), []);
  const found = usesText({ aliases: ["champion"], children: ["nerve:4"], predictions: [{ volume: "rock" }, { volume: "rock" }] });
  assert.deepEqual(found, ["the alias champion: move or take away first", "nerve:4, trained from it", "2 predictions of rock"]);
});
