// Every screen, light and dark, on a phone and a desktop: no violation that axe finds, and targets that can be touched.
import assert from "node:assert/strict";
import axe from "axe-core";
import { arrive, DESKTOP, NOTHING_READY, PHONE } from "../person.mjs";

const LEAST = 24;
const MOST_STOPS = 12;

/** The screens of a person with a wardrobe, each with the way there. */
const SCREENS = {
  "For you": (anna) => anna.go("For you").then(() => anna.recommendations()),
  "why": (anna) => anna.products.first().getByText("Why this").click(),
  "dismissed": (anna) => anna.products.first().getByRole("button", { name: /^Not for me/ }).click(),
  "filters": async (anna) => {
    await anna.button("Filters").click();
    await anna.role("dialog", "Filters").waitFor();
  },
  "nothing found": async (anna) => {
    await anna.role("spinbutton", "Price to").fill("0.5");
    await anna.button("Show results").click();
    await anna.status("Nothing matches").waitFor();
  },
  "wardrobe": (anna) => anna.go("Wardrobe").then(() => anna.pictures(anna.items)),
  "refused upload": async (anna, { text }) => {
    await anna.addPhotos([text]);
    await anna.alert("This file is not").waitFor();
  },
  "item": async (anna) => {
    await anna.items.first().getByRole("link").click();
    await anna.role("combobox", "Category").waitFor();
  },
  "removal": async (anna) => {
    await anna.button("Remove").click();
    await anna.role("dialog", "Remove this item?").waitFor();
  },
  "account": async (anna) => {
    await anna.button("Keep").click();
    await anna.go("Account");
  },
  "deletion": async (anna) => {
    await anna.button("Delete account").click();
    await anna.role("dialog", "Delete your account?").waitFor();
  },
  "signed out": async (anna) => {
    await anna.button("Keep it").click();
    await anna.button("Sign out").click();
    await anna.button("Sign in").waitFor();
  },
  "empty": async (anna, { email }) => {
    await anna.signUp(email);
    await anna.go("For you");
    await anna.text("Add photos of a few clothes").waitFor();
  },
};

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { expected: [NOTHING_READY] });
  await anna.signIn(place.anna);
  await anna.recommendations();
  const tabStops = await stopsToTheFirstProduct(anna);
  assert.ok(tabStops <= MOST_STOPS, `${tabStops} tab stops`);
  const found = [];
  for (const [name, open] of Object.entries(SCREENS)) {
    await open(anna, place);
    for (const { viewport } of [PHONE, DESKTOP]) {
      await anna.page.setViewportSize(viewport);
      const problems = [...(await inBothSchemes(anna.page)), ...(await smallTargets(anna.page))];
      const width = await anna.page.evaluate(() => document.documentElement.scrollWidth);
      if (width > viewport.width) problems.push(`scrolls to the side, by ${width - viewport.width} pixels`);
      found.push(...problems.map((problem) => `${name}, ${viewport.width} pixels: ${problem}`));
    }
  }
  assert.deepEqual(found, []);
  await anna.leave();
  return { tabStops };
}

/** Returns what axe finds in the light scheme, and of that what colours decide in the dark one. */
async function inBothSchemes(page) {
  await page.evaluate(axe.source);
  const light = await violations(page, "light", {});
  const dark = await violations(page, "dark", { runOnly: ["color-contrast"] });
  return [...light, ...dark];
}

async function violations(page, colorScheme, options) {
  await page.emulateMedia({ colorScheme });
  const run = (options) => globalThis.axe.run({ resultTypes: ["violations"], ...options });
  const found = await page.evaluate(run, options);
  const all = found.violations.flatMap(({ id, nodes }) => nodes.map((node) => ({ id, ...node })));
  return all.map(({ id, html, failureSummary }) => `${colorScheme}, ${id}: ${html} ${failureSummary}`);
}

/** Returns what can be touched and is too small; links within a sentence may be. */
function smallTargets(page) {
  return page.evaluate((least) => {
    const small = [];
    for (const target of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
      const area = target.closest("label") ?? target;
      const { width, height } = area.getBoundingClientRect();
      const inSentence = getComputedStyle(area).display === "inline" && area.closest("p");
      if (!target.checkVisibility() || target.matches(".skip:not(:focus)") || inSentence) continue;
      if (width < least || height < least) small.push(`${Math.round(width)} x ${Math.round(height)}: ${area.outerHTML}`);
    }
    return small;
  }, LEAST);
}

async function stopsToTheFirstProduct(anna) {
  await anna.page.reload();
  await anna.recommendations();
  for (let stops = 1; stops < 100; stops++) {
    await anna.page.keyboard.press("Tab");
    if (await anna.page.evaluate(() => document.activeElement?.closest("article") !== null)) return stops;
  }
  throw new Error("no product can be reached by Tab");
}
