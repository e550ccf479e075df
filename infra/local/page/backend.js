// The client of Closetspace: Firebase, connected to the emulators.

import { initializeApp } from "/sdk/firebase-app.js";
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  inMemoryPersistence,
  initializeAuth,
  signInWithEmailAndPassword,
} from "/sdk/firebase-auth.js";
import {
  collection,
  connectFirestoreEmulator,
  deleteDoc,
  doc,
  getFirestore,
  onSnapshot,
  query,
  setDoc,
  updateDoc,
  where,
} from "/sdk/firebase-firestore.js";
import { connectFunctionsEmulator, getFunctions, httpsCallable } from "/sdk/firebase-functions.js";
import { connectStorageEmulator, getDownloadURL, getStorage, ref, uploadBytes } from "/sdk/firebase-storage.js";

const NO_ACCOUNT = new Set(["auth/user-not-found", "auth/invalid-credential", "auth/invalid-login-credentials"]);

/** Connects, signs in, and returns the functions that the page needs. */
export async function connect(config) {
  const { emulators } = config;
  const app = initializeApp(config.firebase);
  const auth = initializeAuth(app, { persistence: inMemoryPersistence });
  const [db, storage, functions] = [getFirestore(app), getStorage(app), getFunctions(app, config.region)];
  connectAuthEmulator(auth, `http://${emulators.auth}`, { disableWarnings: true });
  connectFirestoreEmulator(db, ...hostAndPort(emulators.firestore));
  connectStorageEmulator(storage, ...hostAndPort(emulators.storage));
  connectFunctionsEmulator(functions, ...hostAndPort(emulators.functions));
  const { user } = await signIn(auth, config);
  return {
    email: user.email,
    ...wardrobe(db, storage, user.uid),
    recommend: callable(functions, "recommend"),
    feedback: callable(functions, "feedback"),
  };
}

function wardrobe(db, storage, uid) {
  const item = (id) => doc(db, "wardrobe", id);
  return {
    watchItems: watcher(db, "wardrobe", uid),
    watchStates: watcher(db, "item_state", uid),
    photoUrl: (path) => getDownloadURL(ref(storage, path)),
    rename: (id, fields) => updateDoc(item(id), fields),
    remove: (id) => deleteDoc(item(id)),

    /** Writes the document first: it shows at once, and waits for its photo. */
    async add(file) {
      const { id } = doc(collection(db, "wardrobe"));
      const photo_path = `users/${uid}/wardrobe/${id}/photo.${extension(file)}`;
      await setDoc(item(id), { uid, name: "", brand: "", photo_path });
      await uploadBytes(ref(storage, photo_path), file, { contentType: file.type || `image/${extension(file)}` });
    },
  };
}

/** Calls back with all documents of the person as `Map(id => fields)`, now and after each change. */
function watcher(db, name, uid) {
  const mine = query(collection(db, name), where("uid", "==", uid));
  return (changed, failed) =>
    onSnapshot(mine, ({ docs }) => changed(new Map(docs.map((found) => [found.id, found.data()]))), failed);
}

function callable(functions, name) {
  const call = httpsCallable(functions, name);
  return async (request) => (await call(request)).data;
}

async function signIn(auth, { email, password }) {
  try {
    return await signInWithEmailAndPassword(auth, email, password);
  } catch (error) {
    if (!NO_ACCOUNT.has(error.code)) throw error;
    return createUserWithEmailAndPassword(auth, email, password);
  }
}

function hostAndPort(address) {
  const [host, port] = address.split(":");
  return [host, Number(port)];
}

function extension(file) {
  return (/\.([a-z0-9]{1,5})$/i.exec(file.name)?.[1] ?? "jpg").toLowerCase();
}
