// The client library in a browser: photos become smaller there. Sends what was seen to the test.
import { Closet, connectLocal } from "@closetspace/web";
import { initializeApp } from "firebase/app";
import { createUserWithEmailAndPassword, getAuth } from "firebase/auth";
import { getDownloadURL, getMetadata, getStorage, ref } from "firebase/storage";

const { config, addresses, email, region } = await (await fetch("place.json")).json();

const Canvas = OffscreenCanvas;

async function look() {
  const app = initializeApp(config);
  connectLocal(app, addresses, { region });
  await createUserWithEmailAndPassword(getAuth(app), email, "a password");
  const closet = new Closet(app, { region });
  const uploaded = {};
  const ids = {};
  for (const name of ["turned.jpg", "small.jpg", "transparent.png", "line.jpg", "large.heic", "broken.jpg"]) {
    const file = await (await fetch(name)).blob();
    globalThis.OffscreenCanvas = name === "transparent.png" ? undefined : Canvas; // as in older browsers
    ids[name] = await closet.addItem(new Blob([file]), { name });
  }
  const items = await new Promise((resolve, reject) => {
    const done = (all) => all.length === 6 && all.every(({ status }) => status === "ready" || status === "failed");
    closet.watchWardrobe((all) => done(all) && resolve(all), reject);
  });
  for (const [name, id] of Object.entries(ids)) {
    const item = items.find((each) => each.id === id);
    const photo = ref(getStorage(app), item.item.photo_path);
    const { size, contentType } = await getMetadata(photo);
    const file = await (await fetch(await getDownloadURL(photo))).blob();
    uploaded[name] = { status: item.status, error: item.state.error?.code, size, contentType, ...(await shown(file)) };
  }
  const { items: fits } = await closet.recommend({ count: 5 });
  return { uploaded, fits: fits.length };
}

/** Returns a picture's width, height and first pixel, as this browser shows it; nothing if it can't. */
async function shown(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return {};
  const context = new Canvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return { sides: [bitmap.width, bitmap.height], corner: [...context.getImageData(0, 0, 1, 1).data] };
}

const seen = await look().catch((error) => ({ error: `${error} ${error.cause ?? ""}` }));
await fetch("seen", { method: "POST", body: JSON.stringify(seen) });
