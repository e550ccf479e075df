// The first photo is looked at, and then there are recommendations; of a photo that can't be used it is said why.
import assert from "node:assert/strict";
import { arrive, NOTHING_READY, until } from "../person.mjs";

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { expected: [NOTHING_READY] });
  await anna.signUp(place.email);
  await anna.text("Add photos of a few clothes that you own").waitFor();
  await anna.role("link", "Add photos").click();
  await addSlowly(anna, place, place.small[0], async () => {
    await anna.go("For you");
    await anna.status("Looking at your photos…").waitFor();
  });
  assert.ok((await anna.recommendations()).length > 0);

  await anna.go("Wardrobe");
  await addSlowly(anna, place, place.small[1], async () => {
    await anna.go("For you");
    await anna.button("Refresh").click();
    await anna.status("One more photo is being looked at.").waitFor();
  });
  await anna.button("Show new recommendations").click();
  await anna.status("Your wardrobe has changed.").waitFor({ state: "detached" });

  for (const left of [1, 0]) {
    await anna.go("Wardrobe");
    await anna.items.first().getByRole("link").click();
    await anna.button("Remove").click();
    await anna.role("dialog", "Remove this item?").getByRole("button", { name: "Remove" }).click();
    await anna.role("heading", "Wardrobe", { level: 1 }).waitFor();
    await until(async () => (await anna.items.count()) === left);
  }
  await anna.addPhotos([place.broken]);
  await anna.items.filter({ hasText: "Not usable" }).waitFor();
  await anna.page.goto(place.url);
  await anna.page.reload();
  await anna.alert("None of your photos could be used.").waitFor();
  await anna.role("link", "See what is wrong").click();
  await anna.text("The photo is damaged or incomplete.").waitFor();
  await anna.leave();
}

/** Adds a photo, which nobody looks at until something has happened. */
async function addSlowly(anna, place, photo, happen) {
  const rules = [{ match: { operation: "functions.invoke" }, action: { type: "timeout" } }];
  await control(place, "PUT", "faultPlan", { rules });
  await anna.addPhotos([photo]);
  await anna.items.filter({ hasText: "Looking at the photo…" }).waitFor();
  await happen();
  await control(place, "DELETE", "faultPlan");
  await control(place, "POST", "clock:advance", { millis: 60_000 });
}

/** Calls the control API of the local Firebase. */
async function control({ addresses }, method, path, body) {
  const url = `http://${addresses.auth}/v1/sessions/default/${path}`;
  const answer = await fetch(url, { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  assert.ok(answer.ok, await answer.text());
}
