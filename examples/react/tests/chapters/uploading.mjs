// Two people add photos at the same time; nobody sees what the other one has.
import assert from "node:assert/strict";
import { arrive, NOTHING_READY, PHONE } from "../person.mjs";
import { NETWORKS, Network } from "../network.mjs";

export default async function live(browser, place) {
  const expected = [NOTHING_READY];
  const [anna, ben] = await Promise.all([
    arrive(browser, place, { device: PHONE, expected }),
    arrive(browser, place, { expected }),
  ]);
  await Promise.all([anna.signIn(place.anna), ben.signIn(place.ben)]);
  await Promise.all([anna.go("Wardrobe"), ben.go("Wardrobe")]);
  await Promise.all([addEverything(anna, place), addOne(ben, place)]);

  const ids = await anna.page.getByRole("link").evaluateAll((links) => links.map((link) => link.hash));
  await ben.page.goto(place.url + ids.find((hash) => hash.startsWith("#/wardrobe/")));
  await ben.text("This item is not in your wardrobe").waitFor();
  await Promise.all([anna.leave(), ben.leave()]);
}

/** Adds large photos and files that are none, and sees how far they are and what is wrong with them. */
async function addEverything(anna, { photos, broken, text }) {
  const network = await Network.of(anna.page);
  await network.emulate(NETWORKS.slow);
  await anna.addPhotos([...photos, broken, text]);
  const uploads = anna.role("list", "Uploads");
  await uploads.getByRole("progressbar", { name: /^Uploading .*heic$/ }).waitFor();
  await anna.page.waitForFunction(() => [...document.querySelectorAll("progress")].some(({ value }) => value > 0));
  await network.emulate(NETWORKS.fast);

  await uploads.getByRole("alert").filter({ hasText: "This file is not a JPEG, PNG, WebP, HEIC or AVIF photo." }).waitFor();
  await anna.button("Try again: text.jpg").click();
  await anna.button("Dismiss text.jpg").click();
  await uploads.waitFor({ state: "detached" });
  await anna.waitForItems(photos.length + 1);
  const unusable = anna.items.filter({ hasText: "Not usable" });
  assert.equal(await unusable.count(), 1);
  assert.match(await unusable.innerText(), /damaged|broken|incomplete|read/);
  const usable = anna.items.filter({ hasNotText: "Not usable" });
  assert.equal((await anna.pictures(usable)).length, photos.length);
}

async function addOne(ben, { small: [photo] }) {
  await ben.addPhotos([photo]);
  await ben.waitForItems(1);
  await ben.pictures(ben.items);
}
