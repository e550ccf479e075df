// The frontend's calls with its SDK. Arguments: the folder of the SDK, and addresses and options as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [folder, place] = process.argv.slice(2);
const require = createRequire(folder + "/");
const { initializeApp } = require("firebase/app");
const { getAuth, connectAuthEmulator, createUserWithEmailAndPassword } = require("firebase/auth");
const { getFirestore, connectFirestoreEmulator, doc, setDoc, getDoc, onSnapshot } = require("firebase/firestore");
const { getStorage, connectStorageEmulator, ref, uploadBytes, getDownloadURL } = require("firebase/storage");
const { getFunctions, connectFunctionsEmulator, httpsCallable } = require("firebase/functions");

const { config, ports, photo, email, region } = JSON.parse(place);
const app = initializeApp(config);
const [auth, db, storage, functions] = [getAuth(app), getFirestore(app), getStorage(app), getFunctions(app, region)];
connectAuthEmulator(auth, `http://127.0.0.1:${ports.auth}`, { disableWarnings: true });
connectFirestoreEmulator(db, "127.0.0.1", ports.firestore);
connectStorageEmulator(storage, "127.0.0.1", ports.storage);
connectFunctionsEmulator(functions, "127.0.0.1", ports.functions);

const { user } = await createUserWithEmailAndPassword(auth, email, "a password");
const recommend = httpsCallable(functions, "recommend");
const empty = await recommend({}).catch((error) => error.code);

const item = `sdk-${user.uid}`;
const seen = [];
const ready = new Promise((resolve, reject) =>
  onSnapshot(doc(db, "item_state", item), (snapshot) => {
    if (snapshot.exists()) seen.push(snapshot.data().status);
    if (snapshot.data()?.status === "ready") resolve(snapshot.data());
  }, reject));
const path = `users/${user.uid}/wardrobe/${item}/photo.jpg`;
await setDoc(doc(db, "wardrobe", item), { uid: user.uid, name: "Blue Shirt", brand: "", photo_path: path });
await uploadBytes(ref(storage, path), readFileSync(photo), { contentType: "image/jpeg" });
const state = await ready;
const { data } = await recommend({ count: 5, seed: 1 });
const picture = await fetch(data.items[0].src);
const photoUrl = await getDownloadURL(ref(storage, path));
const closet = await getDoc(doc(db, "closets", user.uid)).then(() => "read", (error) => error.code);
process.stdout.write(JSON.stringify({
  empty, seen, category: state.category, items: data.items.length, because: data.items[0].because[0].itemId === item,
  picture: picture.status, photo: (await fetch(photoUrl)).status, closet,
}));
process.exit(0);
