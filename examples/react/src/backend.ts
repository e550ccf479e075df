/** Firebase and the closet, as the environment says: the local stack, or a project. */
import { Closet, connectLocal } from "@closetspace/web";
import { initializeApp } from "firebase/app";
import { getAuth, inMemoryPersistence, initializeAuth, signInWithEmailAndPassword } from "firebase/auth";

const env = import.meta.env;
const options = { region: env.VITE_REGION };

const app = initializeApp({
  apiKey: env.VITE_FIREBASE_API_KEY,
  appId: env.VITE_FIREBASE_APP_ID,
  authDomain: env.VITE_FIREBASE_AUTH_DOMAIN,
  projectId: env.VITE_FIREBASE_PROJECT_ID,
  storageBucket: env.VITE_FIREBASE_STORAGE_BUCKET,
});

/** The account of `closetspace demo`, which lives as long as the demo runs. */
export const demoAccount = env.VITE_DEMO_EMAIL
  ? { email: env.VITE_DEMO_EMAIL, password: env.VITE_DEMO_PASSWORD ?? "" }
  : null;

export const auth = demoAccount ? initializeAuth(app, { persistence: inMemoryPersistence }) : getAuth(app);

if (env.VITE_AUTH_EMULATOR) {
  const addresses = {
    auth: env.VITE_AUTH_EMULATOR,
    firestore: env.VITE_FIRESTORE_EMULATOR,
    storage: env.VITE_STORAGE_EMULATOR,
    functions: env.VITE_FUNCTIONS_EMULATOR,
  };
  connectLocal(app, addresses, options);
}

export const closet = new Closet(app, options);

/** Resolves once the account of the demo is signed in; at once without a demo. */
export async function enterDemo(): Promise<void> {
  if (demoAccount) await signInWithEmailAndPassword(auth, demoAccount.email, demoAccount.password);
}
