import assert from "node:assert/strict";
import { test } from "node:test";
import { joinItems } from "../dist/wardrobe.js";

const at = (milliseconds) => ({ toMillis: () => milliseconds });
const join = (items, states = {}) => joinItems(new Map(Object.entries(items)), new Map(Object.entries(states)));

test("the newest item comes first, and items without a time come last", () => {
  const items = { b: {}, old: { created_at: at(1) }, new: { created_at: at(2) }, a: { created_at: "yesterday" } };
  assert.deepEqual(join(items).map(({ id }) => id), ["new", "old", "a", "b"]);
});

test("an item is being processed until the server has seen it", () => {
  const [item] = join({ a: { name: "Shirt" } });
  assert.deepEqual([item.status, item.state, item.title], ["processing", null, "Shirt"]);
});

test("an item without a name has the one that is suggested", () => {
  const state = { status: "ready", suggested_name: "Navy blue top" };
  const items = { a: { name: "" }, b: { name: null }, c: { name: "Mine" }, d: {} };
  const titles = join(items, { a: state, b: state, c: state }).map(({ title }) => title);
  assert.deepEqual(titles, ["Navy blue top", "Navy blue top", "Mine", ""]);
});

test("a state without an item is no item", () => {
  assert.deepEqual(join({}, { gone: { status: "ready" } }), []);
});
