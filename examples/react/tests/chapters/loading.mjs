// What comes over a slow network until the first recommendation and the wardrobe are on the screen. Returns seconds,
// which depend on the machine, and what does not.
import assert from "node:assert/strict";
import { arrive, PHONE, until } from "../person.mjs";
import { NETWORKS, Network } from "../network.mjs";

/** The page, its script, who is signed in, the list and a picture have to wait for each other; two icons may as well. */
const MOST_IN_A_ROW = 7;
const MOST_REQUESTS = 25;
const MOST_BYTES = 350_000;
const MOST_BYTES_OF_PICTURES = 400_000;

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { device: PHONE });
  await anna.signIn(place.anna);
  await anna.recommendations();
  const first = await load(anna, place.url, 1, () => anna.pictures(anna.products.first()));
  const forYou = summary(first.slice(0, 1 + first.findIndex(isStored)));
  assert.ok(forYou.inARow.length <= MOST_IN_A_ROW, forYou.inARow.join("\n"));
  assert.ok(forYou.requests <= MOST_REQUESTS, `${forYou.requests} requests`);
  assert.ok(forYou.bytes <= MOST_BYTES, `${forYou.bytes} bytes`);

  const all = await load(anna, `${place.url}#/wardrobe`, place.items, async () => {
    await anna.waitForItems(place.items);
    await anna.items.last().scrollIntoViewIfNeeded();
    await anna.pictures(anna.items);
  });
  const wardrobe = summary(all);
  assert.ok(wardrobe.pictures <= MOST_BYTES_OF_PICTURES, `${wardrobe.pictures} bytes of pictures`);
  await anna.leave();
  return { forYou, wardrobe };
}

/** Loads a page with pictures over the slow network, without a cache; returns its requests in the order they ended. */
async function load(anna, url, pictures, shown) {
  await anna.page.goto("about:blank");
  const network = await Network.of(anna.page);
  await network.clearCache();
  await network.emulate(NETWORKS.slow);
  await anna.page.goto(url);
  await shown();
  await until(() => network.ended.filter(isStored).length >= pictures); // pictures show before all of them is there
  return network.ended;
}

/** Whether a request is that of a picture in Cloud Storage. */
const isStored = ({ type, url }) => type === "Image" && url.includes("/o/");

function summary(requests) {
  const bytes = (some) => some.reduce((sum, each) => sum + each.bytes, 0);
  return {
    seconds: Number((requests.at(-1).end - Math.min(...requests.map(({ start }) => start))).toFixed(1)),
    requests: requests.length,
    inARow: longestRow(requests).map(({ type, url }) => `${type} ${url.slice(0, 100)}`),
    bytes: bytes(requests),
    pictures: bytes(requests.filter(({ type }) => type === "Image")),
  };
}

/** Returns the most requests of which each began after the one before had ended. */
function longestRow(requests) {
  const row = [];
  for (const request of requests) {
    if (!row.length || request.start >= row.at(-1).end) row.push(request);
  }
  return row;
}
