// The first photo is looked at, and then there are recommendations; of a photo that can't be used it is said why.
import assert from "node:assert/strict";
import { arrive, NOTHING_READY } from "../person.mjs";

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { expected: [NOTHING_READY] });
  await anna.signUp(place.email);
  await anna.text("Add photos of a few clothes that you own").waitFor();
  await anna.role("link", "Add photos").click();
  await control(place, "PUT", "faultPlan", { rules: [{ match: { operation: "functions.invoke" }, action: { type: "timeout" } }] });
  await anna.addPhotos([place.small[0]]);
  await anna.items.filter({ hasText: "Looking at the photo…" }).waitFor();
  await anna.go("For you");
  await anna.status("Looking at your photos…").waitFor();
  await control(place, "DELETE", "faultPlan");
  await control(place, "POST", "clock:advance", { millis: 60_000 });
  assert.ok((await anna.recommendations()).length > 0);

  await anna.go("Wardrobe");
  await anna.items.getByRole("link").click();
  await anna.button("Remove").click();
  await anna.role("dialog", "Remove this item?").getByRole("button", { name: "Remove" }).click();
  await anna.addPhotos([place.broken]);
  await anna.items.filter({ hasText: "Not usable" }).waitFor();
  await anna.page.goto(place.url);
  await anna.page.reload();
  await anna.alert("None of your photos could be used.").waitFor();
  await anna.role("link", "See what is wrong").click();
  await anna.text("The photo is damaged or incomplete.").waitFor();
  await anna.leave();
}

/** Calls the control API of the local Firebase. */
async function control({ addresses }, method, path, body) {
  const url = `http://${addresses.auth}/v1/sessions/default/${path}`;
  const answer = await fetch(url, { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  assert.ok(answer.ok, await answer.text());
}
