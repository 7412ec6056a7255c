import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { LabelPlanes } = await load("labelplanes");
const { sweepBrush } = await load("brush");
const { decodeRuns } = await load("mask");
const { extentOf, sizeOf, voxelAt } = await load("plane");
const { SliceCache } = await load("slicecache");
const { LiveStroke } = await load("livestroke");

const SHAPE = [5, 12, 9];

/** The server, as simple as can be: one array, strokes written voxel by voxel. */
class NaiveServer {
  constructor() {
    this.labels = new Uint8Array(SHAPE.reduce((a, b) => a * b));
  }

  at([z, y, x]) {
    return (z * SHAPE[1] + y) * SHAPE[2] + x;
  }

  apply({ box, runs, value, overwrite }) {
    const [dz, dy, dx] = sizeOf(box);
    const mask = decodeRuns(runs, dz * dy * dx);
    mask.forEach((isSet, i) => {
      const voxel = [box[0][0] + Math.floor(i / (dy * dx)), box[1][0] + (Math.floor(i / dx) % dy), box[2][0] + (i % dx)];
      if (isSet && (overwrite === "all" || this.labels[this.at(voxel)] === 0)) this.labels[this.at(voxel)] = value;
    });
  }

  plane(axis, index) {
    const { rows, cols } = extentOf(axis, SHAPE);
    const data = Uint8Array.from({ length: rows * cols }, (_, i) => this.labels[this.at(voxelAt(axis, index, Math.floor(i / cols), i % cols))]);
    return { data, rows, cols };
  }
}

function draw(planes, plane, random) {
  const live = new LiveStroke(plane, { tool: "brush", value: pick(random, [0, 1, 2, 255]), overwrite: pick(random, ["all", "unlabelled"]) });
  planes.begin(live);
  let tip = { row: random() * plane.rows, col: random() * plane.cols };
  for (let i = 0; i < 3; i++) {
    const to = { row: random() * plane.rows, col: random() * plane.cols };
    live.add(sweepBrush(tip, to, integer(random, 1, 4), { row: 1, col: 1 }, plane.rows, plane.cols), planes.writable(plane));
    tip = to;
  }
  const stroke = live.finish("id");
  planes.finish(live, stroke);
  return stroke;
}

test("what is shown ends as what the server has, whatever the order of strokes, answers and fetches", async () => {
  const random = makeRandom(3);
  for (let round = 0; round < 60; round++) await playRound(random);
});

async function playRound(random) {
  const server = new NaiveServer();
  const flights = [];
  const fetchPlane = (axis, index) => new Promise((resolve) => flights.push(() => resolve(server.plane(axis, index))));
  const planes = new LabelPlanes(fetchPlane, new SliceCache(1e6));
  const queue = [];
  const land = async () => {
    while (flights.length) flights.shift()();
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let step = 0; step < 25; step++) {
    const axis = pick(random, ["z", "y", "x"]);
    const index = integer(random, 0, extentOf(axis, SHAPE).depth - 1);
    const { rows, cols } = extentOf(axis, SHAPE);
    const action = random();
    if (action < 0.4) queue.push({ stroke: draw(planes, planes.peek(axis, index) ?? planes.placehold(axis, index, rows, cols), random) });
    else if (action < 0.55) planes.load(axis, index);
    else if (action < 0.7) await land();
    else if (queue.length) answerFirst(server, planes, queue, random);
  }
  while (queue.length) answerFirst(server, planes, queue, random);
  await checkAll(server, planes, flights, land);
}

// The server writes a stroke first and its answer comes later, or it refuses the stroke.
function answerFirst(server, planes, queue, random) {
  const first = queue[0];
  if (!first.isWritten && random() < 0.15) return planes.refuse(queue.shift().stroke);
  if (!first.isWritten) server.apply(first.stroke.body);
  first.isWritten = true;
  if (random() < 0.6) planes.acknowledge(queue.shift().stroke);
}

async function checkAll(server, planes, flights, land) {
  for (const axis of ["z", "y", "x"]) {
    for (let index = 0; index < extentOf(axis, SHAPE).depth; index++) {
      const loading = planes.load(axis, index);
      await land();
      assert.deepEqual((await loading).data, server.plane(axis, index).data, `${axis} = ${index}`);
    }
  }
}

test("strokes of others appear when the plane is asked for again", async () => {
  const server = new NaiveServer();
  const planes = new LabelPlanes(async (axis, index) => server.plane(axis, index), new SliceCache(1e6));
  await planes.load("z", 1);
  server.apply({ box: [[1, 2], [0, 1], [0, 3]], runs: [1, 2], value: 7, overwrite: "all" });
  assert.equal(planes.invalidate([[1, 2], [0, 1], [0, 3]]).length, 1);
  assert.equal(planes.invalidate([[3, 4], [0, 1], [0, 3]]).length, 0);
  assert.deepEqual([...(await planes.load("z", 1)).data.slice(0, 3)], [0, 7, 7]);
});

test("an answer that was overtaken by a stroke of others is not believed", async () => {
  const server = new NaiveServer();
  const answers = [];
  const planes = new LabelPlanes((axis, index) => new Promise((resolve) => answers.push(() => resolve(server.plane(axis, index)))), new SliceCache(1e6));
  const stale = server.plane("z", 0);
  const loading = planes.load("z", 0);
  const first = answers.shift();
  server.apply({ box: [[0, 1], [0, 1], [0, 1]], runs: [0, 1], value: 3, overwrite: "all" });
  planes.invalidate([[0, 1], [0, 1], [0, 1]]);
  first(stale);
  await new Promise((resolve) => setImmediate(resolve));
  answers.shift()();
  assert.equal((await loading).data[0], 3);
});
