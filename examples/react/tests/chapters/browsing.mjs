// Recommendations go on to the end without a product twice; a refresh, a category and filters give other lists.
import assert from "node:assert/strict";
import { arrive, until } from "../person.mjs";

const MANY = 60;

export default async function live(browser, place) {
  const anna = await arrive(browser, place);
  await anna.signIn(place.anna);
  const first = await anna.recommendations();
  await scroll(anna);

  await anna.button("Refresh").click();
  await until(async () => (await anna.products.count()) < MANY);
  assert.notDeepEqual((await anna.recommendations()).slice(0, first.length), first);

  await anna.role("group", "Categories").getByText("Shoes").click();
  await until(async () => /shoes|sneakers|heels|sandals|flops/i.test((await anna.recommendations())[0]));
  await anna.role("group", "Categories").getByText("All").click();
  await filter(anna);
  await hideBrand(anna);
  await anna.leave();
}

/** Scrolls as far as many products, by the wheel and by the button for keyboards. */
async function scroll(anna) {
  while ((await anna.products.count()) < MANY) {
    const count = await anna.products.count();
    await anna.products.last().scrollIntoViewIfNeeded();
    await until(async () => (await anna.products.count()) > count);
  }
  const links = await anna.products.getByRole("heading").getByRole("link").evaluateAll((all) => all.map(({ href }) => href));
  assert.ok(links.length >= MANY);
  assert.equal(new Set(links).size, links.length);
}

async function filter(anna) {
  const dialog = anna.role("dialog", "Filters");
  await anna.button("Filters").click();
  await dialog.getByRole("spinbutton", { name: "Price to" }).fill("0.5");
  await dialog.getByRole("button", { name: "Show results" }).click();
  await anna.status("Nothing matches these filters.").waitFor();
  assert.equal(await anna.page.getByRole("alert").count(), 0);
  await anna.button("Clear filters").click();
  assert.ok((await anna.recommendations()).length > 0);

  await anna.button("Filters").click();
  await dialog.getByRole("combobox", { name: "Sort by" }).selectOption({ label: "Price" });
  await dialog.getByRole("button", { name: "Show results" }).click();
  const prices = async () => (await anna.products.allInnerTexts()).map((text) => Number(/€([\d.]+)/.exec(text)[1]));
  await until(async () => (await prices()).every((price, place, all) => !place || all[place - 1] <= price));
  await anna.button("Filters (1)").click();
  await dialog.getByRole("button", { name: "Clear filters" }).click();
}

async function hideBrand(anna) {
  await anna.recommendations();
  await anna.products.first().getByRole("button", { name: /^Not for me: / }).click();
  const hide = anna.products.first().getByRole("button", { name: /^Hide / });
  const brand = (await hide.innerText()).replace("Hide ", "");
  await hide.click();
  await until(async () => !(await anna.recommendations()).some((name) => name.startsWith(brand)));
  await anna.button("Filters (1)").click();
  const dialog = anna.role("dialog", "Filters");
  await dialog.getByRole("group", { name: "Brands left out" }).getByRole("button", { name: `Show ${brand} again` }).click();
  await dialog.getByRole("button", { name: "Show results" }).click();
  await anna.button("Filters").waitFor();
}
