import assert from "node:assert/strict";
import { test } from "node:test";
import { pagesOf } from "../dist/pages.js";

/** Returns a backend of three pages that fails at some of the calls, and what it was asked. */
function backend(failures = []) {
  const asked = [];
  const recommend = async ({ count, cursor }) => {
    asked.push([count, cursor]);
    if (failures.includes(asked.length)) throw new Error("unavailable");
    const page = Number(cursor ?? 1);
    return { items: [`item of page ${page}`], cursor: page < 3 ? String(page + 1) : null };
  };
  return { asked, recommend };
}

test("pages follow the cursor to the end of the list", async () => {
  const { asked, recommend } = backend();
  const items = [];
  for await (const page of pagesOf(recommend, { count: 5 })) items.push(...page.items);
  assert.deepEqual(items, ["item of page 1", "item of page 2", "item of page 3"]);
  assert.deepEqual(asked, [[5, null], [5, "2"], [5, "3"]]);
});

test("a list goes on after an error with the page that is missing", async () => {
  const { asked, recommend } = backend([2]);
  const pages = pagesOf(recommend, {});
  await pages.next();
  await assert.rejects(pages.next(), /unavailable/);
  assert.deepEqual((await pages.next()).value.items, ["item of page 2"]);
  assert.deepEqual(asked.map(([, cursor]) => cursor), [null, "2", "2"]);
});

test("pages that are asked for at the same time are different ones", async () => {
  const pages = pagesOf(backend().recommend, {});
  const answers = await Promise.all([pages.next(), pages.next(), pages.next(), pages.next()]);
  const seen = answers.map(({ value }) => value?.items[0]);
  assert.deepEqual(seen, ["item of page 1", "item of page 2", "item of page 3", undefined]);
  assert.deepEqual(answers.map(({ done }) => done), [false, false, false, true]);
});

test("a list begins at the cursor that it is given", async () => {
  const { asked, recommend } = backend();
  await pagesOf(recommend, { cursor: "3" }).next();
  assert.deepEqual(asked, [[undefined, "3"]]);
});

test("a loop that is left asks for no more", async () => {
  const { asked, recommend } = backend();
  const pages = pagesOf(recommend, {});
  for await (const _ of pages) break;
  assert.deepEqual([(await pages.next()).done, asked.length], [true, 1]);
});
