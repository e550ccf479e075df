import { Closet, connectLocal } from "@closetspace/web";
import { initializeApp } from "firebase/app";
import { getAuth } from "firebase/auth";

const env = import.meta.env;
const app = initializeApp({ apiKey: env.VITE_FIREBASE_API_KEY, projectId: env.VITE_FIREBASE_PROJECT_ID, storageBucket: env.VITE_FIREBASE_STORAGE_BUCKET });
if (env.VITE_AUTH_EMULATOR) connectLocal(app, { auth: env.VITE_AUTH_EMULATOR });
export const auth = getAuth(app);
export const closet = new Closet(app);
