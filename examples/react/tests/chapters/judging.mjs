// Opinions are stored, and what is not wanted can be undone. Returns the ids of the products that were judged.
import assert from "node:assert/strict";
import { arrive } from "../person.mjs";

export default async function live(browser, place) {
  const anna = await arrive(browser, place);
  await anna.signIn(place.anna);
  await anna.recommendations();
  const [liked, owned, hidden, kept] = await Promise.all([0, 1, 2, 3].map((rank) => productAt(anna, rank)));
  for (const [kind, { name }] of [["Like", liked], ["I own it", owned]]) {
    await anna.button(`${kind}: ${name}`).first().click();
    await anna.role("button", `${kind}: ${name}`, { pressed: true }).first().waitFor();
  }
  await stored(anna, () => anna.button(`Not for me: ${hidden.name}`).first().click());
  await stored(anna, () => anna.button(`Not for me: ${kept.name}`).first().click());
  const undo = anna.page.getByRole("article").filter({ hasText: kept.name }).getByRole("button", { name: "Undo" });
  await stored(anna, () => undo.click());
  await anna.button(`Not for me: ${kept.name}`).first().waitFor();
  await anna.button(`Like: ${liked.name}`).first().click();
  await stored(anna, () => anna.button(`Like: ${liked.name}`).first().click());

  await anna.page.reload();
  await anna.recommendations();
  const shown = await anna.products.getByRole("heading").getByRole("link").evaluateAll((all) => all.map(({ href }) => href));
  assert.ok(!shown.some((href) => href.endsWith(`/${hidden.id}`)));
  await anna.leave();
  return { like: liked.id, own: owned.id, dismiss: hidden.id };
}

async function productAt(anna, rank) {
  const heading = anna.products.nth(rank).getByRole("heading");
  const href = await heading.getByRole("link").getAttribute("href");
  return { name: await heading.innerText(), id: href.split("/").at(-1) };
}

/** Does something, and waits until the server has stored an opinion. */
async function stored(anna, act) {
  await Promise.all([anna.page.waitForResponse(/\/feedback$/), act()]);
}
