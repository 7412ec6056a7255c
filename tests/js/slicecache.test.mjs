import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { SliceCache } = await load("slicecache");
const { SliceSource } = await load("slicesource");
const slice = (bytes) => ({ data: new Uint8Array(bytes) });

test("the least recently used slices go first and the bytes stay bounded", () => {
  const cache = new SliceCache(100);
  cache.set("a", slice(40));
  cache.set("b", slice(40));
  cache.get("a");
  cache.set("c", slice(40));
  assert.deepEqual([...cache.entries.keys()], ["a", "c"]);
  assert.equal(cache.bytes, 80);
});

test("a slice larger than the limit is kept while it is the newest", () => {
  const cache = new SliceCache(10);
  cache.set("a", slice(50));
  assert.ok(cache.get("a"));
  cache.set("b", slice(5));
  assert.deepEqual([[...cache.entries.keys()], cache.bytes], [["b"], 5]);
});

test("setting a key again counts its bytes once", () => {
  const cache = new SliceCache(100);
  cache.set("a", slice(30));
  cache.set("a", slice(20));
  assert.equal(cache.bytes, 20);
});

test("one slice is asked for once, and again only after it was dropped", async () => {
  let asked = 0;
  const source = new SliceSource(async () => (asked++, slice(10)), new SliceCache(100));
  const [a, b] = await Promise.all([source.load("p"), source.load("p")]);
  assert.equal(a, b);
  assert.equal(await source.load("p"), a);
  assert.equal(asked, 1);
});

test("requests that nobody wants any more are aborted, the others are not", async () => {
  const aborted = [];
  const wait = (path, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => (aborted.push(path), reject(signal.reason))));
  const source = new SliceSource(wait, new SliceCache(100));
  const old = source.load("old");
  source.load("new").catch(() => {});
  source.keepOnly(["new"]);
  await assert.rejects(old);
  assert.deepEqual(aborted, ["old"]);
});

test("a failed request is not remembered", async () => {
  let isDown = true;
  const source = new SliceSource(async () => {
    if (isDown) throw new Error("down");
    return slice(1);
  }, new SliceCache(10));
  await assert.rejects(source.load("p"));
  isDown = false;
  assert.ok(await source.load("p"));
});
