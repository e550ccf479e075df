// A person's whole life with the client library. Arguments: what to live through, and addresses and options as JSON.
import { Closet, ClosetError, connectLocal } from "@closetspace/web";
import { initializeApp } from "firebase/app";
import { createUserWithEmailAndPassword, getAuth, signOut } from "firebase/auth";
import { getMetadata, getStorage, ref } from "firebase/storage";
import { readFileSync } from "node:fs";

const [chapter, place] = process.argv.slice(2);
const { config, addresses, photos, email, region } = JSON.parse(place);
const app = initializeApp(config);
connectLocal(app, addresses, { region });
connectLocal(app, addresses, { region }); // as a module that is loaded again does
const closet = new Closet(app, { region });
const [shirt, trousers, coat] = photos.map((path) => new Blob([readFileSync(path)]));

const refusal = (work) =>
  work.then(
    () => "done",
    (error) => (error instanceof ClosetError ? [error.code, error.reason, error.message] : String(error)),
  );

const watchers = new Set();
let wardrobe;
function watch() {
  return closet.watchWardrobe((items) => {
    wardrobe = items;
    for (const look of watchers) look();
  }, (error) => Promise.reject(error));
}

function until(holds) {
  return new Promise((resolve) => {
    const look = () => {
      if (!wardrobe || !holds(wardrobe)) return;
      watchers.delete(look);
      resolve(wardrobe);
    };
    watchers.add(look);
    look();
  });
}

const ready = (count) => until((items) => items.length === count && items.every(({ status }) => status === "ready"));
const find = (id) => wardrobe.find((item) => item.id === id);

async function refusals() {
  const answers = { signedOut: await refusal(closet.recommend()), addSignedOut: await refusal(closet.addItem(shirt)) };
  const { user } = await createUserWithEmailAndPassword(getAuth(app), email, "a password");
  const aborted = { signal: AbortSignal.abort() };
  const during = new AbortController();
  const cancelAtOnce = { signal: during.signal, onProgress: () => during.abort() };
  return {
    uid: user.uid,
    ...answers,
    noItem: await refusal(closet.recommend()),
    badCount: await refusal(closet.recommend({ count: 1000 })),
    undefinedCount: await refusal(closet.recommend({ count: undefined })),
    badOpinion: await refusal(closet.feedback("", "like")),
    text: await refusal(closet.addItem(new Blob(["a text"]))),
    aborted: await refusal(closet.addItem(shirt, {}, aborted)),
    abortedDuring: await refusal(closet.addItem(shirt, {}, cancelAtOnce)),
    longName: await refusal(closet.addItem(shirt, { name: "x".repeat(301) })),
    noSuchItem: await refusal(closet.updateItem("nothing", { name: "x" })),
    noSuchItemPhoto: await refusal(closet.updateItem("nothing", { file: shirt })),
    unreachable: await refusal(unreachable()),
  };
}

async function unreachable() {
  const other = initializeApp(config, "unreachable");
  const nowhere = { region: "nowhere" };
  connectLocal(other, { ...addresses, functions: "127.0.0.1:1" }, nowhere);
  await createUserWithEmailAndPassword(getAuth(other), `other-${email}`, "a password");
  return new Closet(other, nowhere).recommend();
}

async function life() {
  const stop = watch();
  const seen = { signedOut: await until(() => true) };
  await createUserWithEmailAndPassword(getAuth(app), email, "a password");
  const shares = [];
  const fields = { name: "Blue Shirt", brand: undefined, note: { size: "M" } };
  const first = await closet.addItem(shirt, fields, { onProgress: (share) => shares.push(share) });
  const second = await closet.addItem(trousers);
  await ready(2);
  const before = find(first);
  const addresses = await Promise.all([640, 160].map((side) => closet.photoUrl(before, side)));
  const { contentType, cacheControl } = await getMetadata(ref(getStorage(app), before.item.photo_path));
  Object.assign(seen, {
    order: wardrobe.map(({ id }) => id === first), titles: wardrobe.map(({ title }) => title),
    progress: shares.at(-1), photo: [contentType, cacheControl], brand: before.item.brand,
    thumbnails: addresses.map((address) => /thumbs%2F\w+-(\d+)\.webp/.exec(address)[1]),
    pictures: await Promise.all(addresses.map(async (address) => (await fetch(address)).status)),
    sameAddress: (await closet.photoUrl(before)) === addresses[0],
  });

  seen.facets = (await closet.facets()).categories.every(({ name, count }) => name && count > 0);
  const pages = [];
  for await (const page of closet.recommendPages({ count: 5, seed: 1 })) if (pages.push(page) === 3) break;
  const ids = pages.flatMap(({ items }) => items.map(({ id }) => id));
  const opinion = await closet.feedback(ids[0], "dismiss");
  const { items } = await closet.recommend({ count: 5, seed: 1 });
  Object.assign(seen, {
    recommended: [ids.length, new Set(ids).size], opinion: opinion.kind, dismissed: !items.some(({ id }) => id === ids[0]),
  });

  await closet.updateItem(first, { name: "Red Shirt" });
  await until(() => find(first).title === "Red Shirt");
  await closet.updateItem(first, { file: coat });
  await until(() => find(first).item.photo_path !== before.item.photo_path);
  await until(() => find(first).state.content_key !== before.state.content_key && find(first).status === "ready");
  const oldPhoto = await getMetadata(ref(getStorage(app), before.item.photo_path)).catch(({ code }) => code);
  seen.changed = [find(first).item.name, find(first).item.note, oldPhoto];

  const file = await fetch(await closet.exportMyData());
  seen.exported = [file.status, Buffer.from(await file.arrayBuffer()).toString("latin1", 0, 2)];

  await closet.removeItem(second);
  await until((left) => left.length === 1);
  await closet.deleteAccount();
  await until((left) => left.length === 0);
  stop();
  return { ...seen, signedIn: getAuth(app).currentUser !== null };
}

process.stdout.write(JSON.stringify(await { life, refusals }[chapter]()));
await signOut(getAuth(app));
process.exit(0);
