// An item is renamed, gets another photo, and is removed after a second thought.
import assert from "node:assert/strict";
import { arrive, until } from "../person.mjs";

export default async function live(browser, place) {
  const anna = await arrive(browser, place);
  await anna.signIn(place.anna);
  await anna.go("Wardrobe");
  await anna.items.getByRole("link").click();
  await anna.role("textbox", "Name").fill("Sunday shirt");
  await anna.role("textbox", "Brand").fill("Tideway");
  await anna.button("Save").click();
  await anna.status("Saved.").waitFor();
  await anna.role("heading", "Sunday shirt", { level: 1 }).waitFor();

  const picture = anna.page.locator("main img").filter({ visible: true });
  const before = await picture.getAttribute("src");
  await anna.page.getByLabel("Replace photo", { exact: true }).setInputFiles(place.small[1]);
  await until(async () => (await picture.count()) === 1 && (await picture.getAttribute("src")) !== before);
  await until(() => picture.evaluate((image) => image.naturalWidth === 480 || image.naturalHeight === 640));

  await anna.button("Remove").click();
  const dialog = anna.role("dialog", "Remove this item?");
  await dialog.getByRole("button", { name: "Keep" }).click();
  await dialog.waitFor({ state: "detached" });
  await anna.page.reload();
  await anna.role("textbox", "Brand").waitFor();
  assert.equal(await anna.role("textbox", "Brand").inputValue(), "Tideway");
  await anna.role("link", "Back to the wardrobe").click();
  await anna.role("link", "Sunday shirt").click();
  await anna.button("Remove").click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await anna.role("heading", "Wardrobe", { level: 1 }).waitFor();
  await anna.text("Add photos of a few clothes that you own").waitFor();
  await anna.leave();
}
