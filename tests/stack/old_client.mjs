// The existing client's order of calls, with the plain SDK: the document first, the photo later, and the whole document
// again, from the copy that the page has, whenever something is renamed. Arguments: the folder of the SDK, and addresses
// and options as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [folder, place] = process.argv.slice(2);
const require = createRequire(folder + "/");
const { initializeApp } = require("firebase/app");
const { connectAuthEmulator, createUserWithEmailAndPassword, getAuth } = require("firebase/auth");
const firestore = require("firebase/firestore");
const { addDoc, collection, connectFirestoreEmulator, doc, getDoc, getFirestore, onSnapshot, setDoc, updateDoc } = firestore;
const { connectStorageEmulator, getDownloadURL, getMetadata, getStorage, ref, uploadBytes } = require("firebase/storage");

const { config, ports, photo, email } = JSON.parse(place);
const app = initializeApp(config);
const [auth, db, storage] = [getAuth(app), getFirestore(app), getStorage(app)];
connectAuthEmulator(auth, `http://127.0.0.1:${ports.auth}`, { disableWarnings: true });
connectFirestoreEmulator(db, "127.0.0.1", ports.firestore);
connectStorageEmulator(storage, "127.0.0.1", ports.storage);

const { user } = await createUserWithEmailAndPassword(auth, email, "a password");
const beforePhoto = { uid: user.uid, name: "Shirt", brand: "Tideway" };
const item = await addDoc(collection(db, "wardrobe"), beforePhoto);

let state;
const lookers = new Set();
onSnapshot(doc(db, "item_state", item.id), (snapshot) => {
  state = snapshot.data();
  for (const look of lookers) look();
});

/** Resolves with the state once it holds. */
function until(holds) {
  return new Promise((resolve) => {
    const look = () => {
      if (!state || !holds(state)) return;
      lookers.delete(look);
      resolve(state);
    };
    lookers.add(look);
    look();
  });
}

/** Writes the whole document, and returns the state that comes of it. */
async function write(fields, holds = () => true) {
  const before = state.content_key;
  await setDoc(item, fields);
  return until(({ status, content_key }) => status === "ready" && content_key !== before && holds(state));
}

const seen = { first: (await until(({ status }) => status === "waiting_for_photo")).status };
const photoRef = ref(storage, `users/${user.uid}/wardrobe/${item.id}/photo.jpg`);
await uploadBytes(photoRef, readFileSync(photo), { contentType: "image/jpeg" });
const ready = await until(({ status }) => status === "ready");
const thumbnail = ({ thumbnails }) => thumbnails["160"];

// A copy from before the photo: the only photo in the item's folder stays its photo.
const renamed = await write({ ...beforePhoto, name: "Renamed" });
seen.thumbnailStays = thumbnail(renamed) === thumbnail(ready) && (await getMetadata(ref(storage, thumbnail(ready)))).size > 0;

// A copy with the photo's address, as it was stored for Cloudinary.
await write({ ...beforePhoto, name: "With an address", secure_url: await getDownloadURL(photoRef), public_id: "x" });
const withoutAddress = await write({ ...beforePhoto, name: "From an old copy" });
seen.photoStays = thumbnail(withoutAddress) === thumbnail(ready) && (await getMetadata(photoRef)).size > 0;

await updateDoc(item, { category: "Shoes", colours: ["red"] });
await until(({ category }) => category === "Shoes");
const copy = (await getDoc(item)).data();
const corrected = await write({ ...copy, name: "Red shoes" });
seen.correctionStays = [corrected.category, corrected.colours];
const uncorrected = await write({ ...beforePhoto, name: "Again" }, ({ category }) => category !== "Shoes");
seen.predictionReturns = uncorrected.category === ready.category;
process.stdout.write(JSON.stringify(seen));
process.exit(0);
