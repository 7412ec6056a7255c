import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./static.mjs";

const { getSlice } = await load("api");

function answering(body, headers) {
  globalThis.document = { baseURI: "http://voxloop.example/below/" };
  globalThis.fetch = async (url) => (assert.equal(String(url), "http://voxloop.example/below/api/plane"), new Response(body, { headers }));
}

test("a slice has the values and the type that the server sends", async () => {
  answering(new Uint16Array([1, 2, 300, 4, 5, 6]).buffer, { "X-Shape": "2,3", "X-Dtype": "uint16" });
  const { data, rows, cols, dtype, isExact } = await getSlice("api/plane");
  assert.deepEqual([[...data], rows, cols, dtype, isExact], [[1, 2, 300, 4, 5, 6], 2, 3, "uint16", true]);
});

test("an answer without a body is a slice of zeros that can be painted on", async () => {
  answering(null, { "X-Shape": "2,3", "X-Dtype": "uint8", "X-Exact": "no" });
  const { data, isExact } = await getSlice("api/plane");
  data[5] = 7;
  assert.deepEqual([[...data], isExact], [[0, 0, 0, 0, 0, 7], false]);
});
