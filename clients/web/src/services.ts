// Firebase's services as the backend uses them, of the project or of this machine.

import type { FirebaseApp } from "firebase/app";
import { connectAuthEmulator, getAuth } from "firebase/auth";
import { connectFirestoreEmulator, getFirestore } from "firebase/firestore";
import { connectFunctionsEmulator, getFunctions, type Functions } from "firebase/functions";
import { connectStorageEmulator, getStorage, type FirebaseStorage } from "firebase/storage";

/** How a backend differs from the usual one. */
export interface ClosetOptions {
  /** The collection of items, `wardrobe` by default (the backend's `WARDROBE_COLLECTION`). */
  collection?: string;
  /** The region of the functions, `us-central1` by default (the backend's `CLOSETSPACE_REGION`). */
  region?: string;
  /** The bucket of photos, the project's default bucket by default (the backend's `PHOTO_BUCKET`). */
  bucket?: string;
}

/** Addresses of the local stack, each as `host:port`, as `closetspace local up --json` prints them. */
export interface LocalAddresses {
  auth?: string;
  firestore?: string;
  storage?: string;
  functions?: string;
}

/** The ports of `closetspace local up`. */
const LOCAL: Required<LocalAddresses> = {
  auth: "127.0.0.1:9099",
  firestore: "127.0.0.1:8080",
  storage: "127.0.0.1:9199",
  functions: "127.0.0.1:5001",
};

export function functionsOf(app: FirebaseApp, { region = "us-central1" }: ClosetOptions): Functions {
  return getFunctions(app, region);
}

export function storageOf(app: FirebaseApp, { bucket }: ClosetOptions): FirebaseStorage {
  return getStorage(app, bucket && `gs://${bucket}`);
}

/** Connects an app to the local stack instead of Google. Call it before anything else uses the app. */
export function connectLocal(app: FirebaseApp, addresses: LocalAddresses = {}, options: ClosetOptions = {}): void {
  const at = (service: keyof LocalAddresses) => addresses[service] || LOCAL[service];
  connectAuthEmulator(getAuth(app), `http://${at("auth")}`, { disableWarnings: true }); // its banner covers buttons
  connectFirestoreEmulator(getFirestore(app), ...hostAndPort(at("firestore")));
  connectStorageEmulator(storageOf(app, options), ...hostAndPort(at("storage")));
  connectFunctionsEmulator(functionsOf(app, options), ...hostAndPort(at("functions")));
}

function hostAndPort(address: string): [string, number] {
  const { hostname, port } = new URL(`http://${address}`);
  return [hostname, Number(port || 80)];
}
