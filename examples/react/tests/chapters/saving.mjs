// An item is saved as it is.
import { arrive } from "../person.mjs";

export default async function live(browser, place) {
  const anna = await arrive(browser, place);
  await anna.signIn(place.anna);
  await anna.go("Wardrobe");
  await anna.items.getByRole("link").click();
  await anna.role("combobox", "Category").waitFor();
  await anna.button("Save").click();
  await anna.status("Saved.").waitFor();
  await anna.leave();
}
