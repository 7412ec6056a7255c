import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { barPath, domainOf } = await load("histogram");
const { setEnd } = await load("windowcontrol");
const { Session } = await load("session");

const INTENSITY = { min: 0, max: 65535, percentiles: { "0.1": 1000, "99.9": 3000 } };

test("the axis surrounds the automatic window and grows with the one that is set", () => {
  assert.deepEqual(domainOf(INTENSITY, { min: 1000, max: 3000 }), { low: 300, high: 3700 });
  assert.deepEqual(domainOf(INTENSITY, { min: 100, max: 9000 }), { low: 100, high: 9000 });
  assert.deepEqual(domainOf({ min: 0, max: 255, percentiles: { "0.1": 3, "99.9": 250 } }, { min: 3, max: 250 }), { low: 0, high: 255 });
});

test("bars fill the axis, the tallest almost to the top, and rare values are still seen", () => {
  const path = barPath({ edges: [0, 1, 2, 3, 4], counts: [0, 1000000, 3, 0] }, { low: 0, high: 4 });
  assert.equal(path, `M0 1V1H0.25V0.05H0.5V${(1 - 0.95 * (Math.log1p(3) / Math.log1p(1000000))).toFixed(4)}H0.75V1H1V1Z`);
});

test("bars outside the axis are left out", () => {
  const path = barPath({ edges: [0, 1, 2, 3, 4], counts: [9, 9, 9, 9] }, { low: 1, high: 3 });
  assert.equal(path, "M0 1V0.05H0.5V0.05H1V1Z");
});

test("a window's ends never cross: the other gives way", () => {
  const session = new Session();
  session.set({ info: { intensity: { min: 0, max: 1000 } } });
  session.setLayer("image", { min: 100, max: 200 });
  setEnd(session, "min", 500);
  assert.deepEqual([session.state.layers.image.min, session.state.layers.image.max], [500, 502]);
  setEnd(session, "max", 50);
  assert.deepEqual([session.state.layers.image.min, session.state.layers.image.max, session.state.layers.image.isSet], [48, 50, true]);
  setEnd(session, "max", Number.NaN);
  assert.equal(session.state.layers.image.max, 50);
});
