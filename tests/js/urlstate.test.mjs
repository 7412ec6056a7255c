import assert from "node:assert/strict";
import test from "node:test";
import { integer, load, makeRandom, pick } from "./static.mjs";

const { Session } = await load("session");
const { readHash, writeHash } = await load("urlstate");

const INFO = { shape: [20, 30, 40], voxel_size: [1, 1, 1], intensity: { min: 0, max: 100 }, levels: [] };

function openSession(wish) {
  const session = new Session();
  session.setScreen({ width: 400, height: 300 });
  session.setClasses([{ id: 1, name: "a", color: "#e69f00" }]);
  session.showVolume(INFO, wish);
  return session;
}

function wander(session, random) {
  const acts = [
    () => session.setAxis(pick(random, ["z", "y", "x"])),
    () => session.setVoxel([0, 1, 2].map((along) => integer(random, 0, INFO.shape[along] - 1))),
    () => session.setView({ zoom: 2 ** integer(random, -2, 4), center: [0, 1, 2].map(() => integer(random, 0, 19) / 4) }),
    () => session.toggleLayout(),
    () => session.toggleCrosshair(),
    () => session.toggleClass(1),
    () => session.toggleLayer(pick(random, ["image", "labels", "prediction", "confidence", "difference"])),
    () => session.toggleLayer(pick(random, ["labels", "prediction"]), "isContour"),
    () => session.toggleLayer("image", pick(random, ["isInverted", "isSmooth"])),
    () => session.setLayer("image", { gamma: integer(random, 5, 20) / 10 }),
    () => session.setLayer("image", { min: integer(random, 0, 40), max: integer(random, 41, 99), isSet: true }),
    () => session.setLayer(pick(random, ["labels", "confidence"]), { opacity: integer(random, 0, 20) / 20 }),
  ];
  for (let n = 0; n < 12; n++) pick(random, acts)();
}

test("any view survives its way through the address", () => {
  const random = makeRandom(11);
  for (let n = 0; n < 300; n++) {
    const session = openSession();
    wander(session, random);
    const copy = openSession(readHash(`#${writeHash(session.state)}`));
    for (const key of ["axis", "index", "indices", "zoom", "isFitted", "layout", "isCrosshairShown", "hiddenClasses"]) {
      assert.deepEqual(copy.state[key], session.state[key], `${key} of #${writeHash(session.state)}`);
    }
    if (!session.state.isFitted) assert.deepEqual(copy.state.center, session.state.center);
    for (const [name, layer] of Object.entries(session.state.layers)) {
      const { opacity, ...rest } = layer;
      const { opacity: copied, ...others } = copy.state.layers[name];
      assert.deepEqual(others, rest, name);
      if (layer.isVisible) assert.equal(copied, opacity);
    }
  }
});

test("links that say only axis and index still work", () => {
  const { axis, index, indices } = openSession(readHash("#axis=y&index=7&labels=off")).state;
  assert.deepEqual([axis, index, indices], ["y", 7, [10, 7, 20]]);
});

test("what makes no sense is left out", () => {
  const hash = "#layout=nine&at=1,2&at=-1,2,3&gamma=0&gamma=500&invert=yes&contour=image,cat&crosshair=maybe&hidden=a&confidence=2";
  assert.deepEqual(readHash(hash), {});
});
