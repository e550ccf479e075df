// Firebase's services as the backend uses them, of the project or of this machine.

import type { FirebaseApp } from "firebase/app";
import { connectAuthEmulator, getAuth } from "firebase/auth";
import { connectFunctionsEmulator, getFunctions, type Functions } from "firebase/functions";
import { ClosetError } from "./errors.js";
import type { Store } from "./store.js";

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

/** Connections of Firestore and Storage to the local stack. */
const connections = new WeakMap<FirebaseApp, Promise<void>>();

export function functionsOf(app: FirebaseApp, { region = "us-central1" }: ClosetOptions): Functions {
  return getFunctions(app, region);
}

/**
 * Connects an app to the local stack instead of Google. Call it before anything else uses the app.
 *
 * Auth and Functions are connected when it returns, Firestore and Storage when its promise is fulfilled. A `Closet`
 * waits for that by itself; an app that uses them, too, has to wait.
 */
export function connectLocal(app: FirebaseApp, addresses: LocalAddresses = {}, options: ClosetOptions = {}): Promise<void> {
  const at = (service: keyof LocalAddresses) => hostAndPort(addresses[service] || LOCAL[service]);
  const [host, port] = at("auth");
  connectAuthEmulator(getAuth(app), `http://${host}:${port}`, { disableWarnings: true }); // its banner covers buttons
  connectFunctionsEmulator(functionsOf(app, options), ...at("functions"));
  const connection = loadModule().then(({ connectStore }) => connectStore(app, at("firestore"), at("storage"), options));
  connections.set(app, connection);
  return connection;
}

/** Returns the store of an app once its modules are loaded and it is connected. */
export async function loadStore(app: FirebaseApp, options: ClosetOptions): Promise<Store> {
  const { Store } = await loadModule();
  await connections.get(app);
  return new Store(app, options);
}

async function loadModule(): Promise<typeof import("./store.js")> {
  try {
    return await import("./store.js");
  } catch (error) {
    throw new ClosetError("unavailable", undefined, {}, error); // its file did not arrive
  }
}

function hostAndPort(address: string): [string, number] {
  const { hostname, port } = new URL(`http://${address}`);
  return [hostname, Number(port || 80)];
}
