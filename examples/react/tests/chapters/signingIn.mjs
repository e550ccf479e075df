// Refused sign-ins say why; a new account has an empty wardrobe; signing out and in again comes back to it.
import { arrive, NOTHING_READY } from "../person.mjs";

const REFUSED = /status of 400 .*identitytoolkit/;

export default async function live(browser, place) {
  const anna = await arrive(browser, place, { expected: [REFUSED, NOTHING_READY] });
  await anna.role("heading", "Closetspace", { level: 1 }).waitFor();
  await anna.enter("Sign in", place.email);
  await anna.alert(/no account|wrong/).waitFor();

  await anna.signUp(place.email);
  await anna.text("Add photos of a few clothes that you own").waitFor();
  await anna.role("link", "Add photos").click();
  await anna.role("heading", "Wardrobe", { level: 1 }).waitFor();
  await anna.text("Add photos of a few clothes that you own").waitFor();
  await anna.go("Account");
  await anna.text(place.email).waitFor();
  await anna.button("Sign out").click();

  await anna.enter("Create account", place.email);
  await anna.alert("There is an account with this email already.").waitFor();
  await anna.enter("Sign in", place.email, "not the password");
  await anna.alert("wrong").waitFor();
  await anna.signIn(place.email);
  await anna.role("heading", "For you", { level: 1 }).waitFor();
  await anna.page.reload();
  await anna.go("Account");
  await anna.text(place.email).waitFor();
  await anna.leave();
}
