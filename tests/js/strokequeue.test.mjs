import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { StrokeQueue } = await load("strokequeue");
const settle = () => new Promise((resolve) => setImmediate(resolve));

function makeQueue(answers) {
  const log = { sent: [], done: [], refused: [], states: [], waits: [] };
  const send = async (item) => {
    log.sent.push(item.id);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const hooks = { changed: (queue) => log.states.push(queue.state), done: (item) => log.done.push(item.id), refused: (item) => log.refused.push(item.id) };
  const queue = new StrokeQueue(send, hooks, async (ms) => void log.waits.push(ms));
  return { queue, log };
}

const failure = (status) => Object.assign(new Error("failed"), { status });

test("strokes are sent one after another, in order", async () => {
  const { queue, log } = makeQueue([{}, {}, {}]);
  for (const id of [1, 2, 3]) queue.push({ id });
  await settle();
  assert.deepEqual(log.done, [1, 2, 3]);
  assert.equal(queue.state, "saved");
});

test("while the server is gone a stroke waits and none overtakes it", async () => {
  const { queue, log } = makeQueue([new Error("no answer"), failure(503), failure(401), {}, {}]);
  queue.push({ id: 1 });
  queue.push({ id: 2 });
  await settle();
  assert.deepEqual(log.sent, [1, 1, 1, 1, 2]);
  assert.deepEqual(log.waits, [500, 1000, 2000]);
  assert.ok(log.states.includes("offline"));
  assert.deepEqual([log.refused, queue.state], [[], "saved"]);
});

test("a refused stroke is dropped and the next one sent", async () => {
  const { queue, log } = makeQueue([failure(422), {}]);
  queue.push({ id: 1 });
  queue.push({ id: 2 });
  await settle();
  assert.deepEqual([log.refused, log.done], [[1], [2]]);
});

test("retry ends a wait at once", async () => {
  const answers = [new Error("no answer"), {}];
  const done = [];
  const hooks = { changed() {}, done: (item) => done.push(item.id), refused() {} };
  const queue = new StrokeQueue(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
  }, hooks, () => new Promise(() => {}));
  queue.push({ id: 1 });
  await settle();
  assert.equal(queue.state, "offline");
  queue.retry();
  await settle();
  assert.deepEqual([done, queue.state], [[1], "saved"]);
});
