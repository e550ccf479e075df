// What the server sees in a photo is corrected, or the correction is taken back.
import assert from "node:assert/strict";
import { arrive } from "../person.mjs";

export default async function live(browser, place) {
  const { category, colours } = place;
  const anna = await arrive(browser, place);
  await anna.signIn(place.anna);
  await anna.go("Wardrobe");
  await anna.items.getByRole("link").click();
  const chosen = anna.role("combobox", "Category");
  await chosen.waitFor();
  if (category) await chosen.selectOption(category);
  else await chosen.selectOption({ index: 0 });
  for (const box of await anna.role("group", "Colours").getByRole("checkbox").all()) {
    await box.setChecked(colours.includes(await box.getAttribute("value")));
  }
  await anna.button("Save").click();
  await anna.status("Saved.").waitFor();

  await anna.page.reload();
  await chosen.waitFor();
  assert.equal(await chosen.inputValue(), category ?? "");
  const ticked = anna.role("group", "Colours").getByRole("checkbox", { checked: true });
  assert.equal(await ticked.count(), colours.length);
  await anna.leave();
}
