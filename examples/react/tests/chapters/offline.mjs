// Without a network the app goes on, and nothing is lost of what a person does meanwhile.
import assert from "node:assert/strict";
import { arrive, OFFLINE, until } from "../person.mjs";
import { NETWORKS, Network } from "../network.mjs";

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { expected: [OFFLINE] });
  await anna.signIn(place.anna);
  const names = await anna.recommendations();
  await anna.go("Wardrobe");
  await anna.waitForItems(1);

  await anna.setOffline(true);
  await anna.status("You are offline.").waitFor();
  await anna.items.getByRole("link").click();
  await anna.role("textbox", "Name").fill("Offline shirt");
  await anna.button("Save").click();
  await anna.role("heading", "Offline shirt", { level: 1 }).waitFor();
  await anna.go("For you");
  assert.equal(await anna.products.count(), names.length);
  await anna.button("Refresh").click();
  await anna.alert("The server does not answer.").first().waitFor();
  await anna.go("Wardrobe");
  await anna.addPhotos([place.small[1]]);
  await anna.role("list", "Uploads").waitFor();

  await anna.setOffline(false);
  await anna.status("You are offline.").waitFor({ state: "detached" });
  await backOnline(anna);
  await anna.waitForItems(2);
  await uploadWithInterruption(anna, place);
  await anna.page.reload();
  await anna.waitForItems(3);
  await anna.role("link", "Offline shirt").waitFor();
  await anna.go("For you");
  await anna.recommendations();
  await anna.leave();
}

/** Tries an upload again if it says that it needs that. */
async function backOnline(anna) {
  const uploads = anna.role("list", "Uploads");
  const again = uploads.getByRole("button", { name: /^Try again: / });
  await until(async () => (await again.count()) > 0 || (await uploads.count()) === 0);
  if (await again.count()) await again.click();
  await uploads.waitFor({ state: "detached" });
}

/** Loses the network in the middle of an upload. */
async function uploadWithInterruption(anna, { photos }) {
  const network = await Network.of(anna.page);
  await network.emulate(NETWORKS.slow);
  await anna.addPhotos([photos.at(-1)]);
  await anna.page.waitForFunction(() => [...document.querySelectorAll("progress")].some(({ value }) => value > 0));
  await network.emulate({ ...NETWORKS.slow, offline: true });
  await anna.status("You are offline.").waitFor();
  await network.emulate(NETWORKS.fast);
  await backOnline(anna);
}
