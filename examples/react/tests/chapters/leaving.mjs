// A person takes their data with them and deletes the account.
import assert from "node:assert/strict";
import { arrive } from "../person.mjs";

const REFUSED = /status of 400 .*identitytoolkit/;

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { expected: [REFUSED] });
  await anna.signIn(place.anna);
  await anna.go("Account");
  await anna.button("Download my data").click();
  const link = anna.role("link", "Download the file");
  await link.waitFor();
  const archive = await anna.page.request.get(await link.getAttribute("href"));
  assert.equal((await archive.body()).toString("latin1", 0, 2), "PK");

  const dialog = anna.role("dialog", "Delete your account?");
  await anna.button("Delete account").click();
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await anna.button("Delete account").click();
  await dialog.getByLabel("Password").fill("not the password");
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await dialog.getByRole("alert").filter({ hasText: "wrong" }).waitFor();
  await dialog.getByLabel("Password").fill("a password");
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await anna.role("heading", "Closetspace", { level: 1 }).waitFor();
  await anna.leave();
}
