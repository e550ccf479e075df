// Lives through a chapter of the app in Chromium, and prints what was measured as JSON.
//
//     node run.mjs CHAPTER PLACE
//
// PLACE is JSON: `url` of the app, `chromium` and its `flags`, and what the chapter needs.
import { chromium } from "playwright-core";

const [chapter, json] = process.argv.slice(2);
const place = JSON.parse(json);
const { default: live } = await import(`./chapters/${chapter}.mjs`);
const browser = await chromium.launch({ executablePath: place.chromium, args: place.flags });
try {
  process.stdout.write(JSON.stringify((await live(browser, place)) ?? null));
} catch (error) {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    console.error(page.url(), await page.locator("body").ariaSnapshot());
  }
  throw error;
} finally {
  await browser.close();
}
