// What this library keeps in Firestore and Cloud Storage. Their SDKs are half of an app's bytes, so this loads later.

import type { FirebaseApp } from "firebase/app";
import * as firestore from "firebase/firestore";
import * as storage from "firebase/storage";
import type { ExportResponse, ItemFields } from "./api.js";
import { ClosetError } from "./errors.js";
import { given } from "./given.js";
import { preparePhoto } from "./photo.js";
import type { ClosetOptions } from "./services.js";
import { watchItems, type WardrobeItem } from "./wardrobe.js";

/**
 * What an item has from the start; fields of your own are stored as they are.
 *
 * A `category`, `colours`, `gender` or `usage` corrects what the server sees in the photo; null takes that back.
 */
export interface NewItem extends Omit<ItemFields, "uid" | "photo_path" | "secure_url"> {
  [field: string]: unknown;
}

/** What to change of an item; fields that are not given stay. */
export interface ItemChanges extends NewItem {
  /** A photo to replace the present one. */
  file?: Blob;
}

export interface UploadOptions {
  /** Called with the uploaded share of the photo, from 0 to 1. */
  onProgress?: (share: number) => void;
  /** Cancels the upload. */
  signal?: AbortSignal;
}

/** What the document of an export has in common with the answer. */
type FinishedExport = Pick<ExportResponse, "status" | "path" | "message">;

/** A year: an item's photo never changes, because another photo has another name. */
const CACHE_CONTROL = "private, max-age=31536000";

/** Connects Firestore and Storage to the local stack. */
export function connectStore(
  app: FirebaseApp,
  firestoreAt: [string, number],
  storageAt: [string, number],
  options: ClosetOptions,
): void {
  firestore.connectFirestoreEmulator(firestore.getFirestore(app), ...firestoreAt);
  storage.connectStorageEmulator(storageOf(app, options), ...storageAt);
}

/** The documents and photos of one person; throws the errors of Firebase. */
export class Store {
  readonly #app: FirebaseApp;
  readonly #options: ClosetOptions;
  readonly #urls = new Map<string, Promise<string>>();

  constructor(app: FirebaseApp, options: ClosetOptions) {
    this.#app = app;
    this.#options = options;
  }

  async addItem(uid: string, file: Blob, fields: NewItem, options: UploadOptions): Promise<string> {
    const item = firestore.doc(this.#items());
    await this.#withPhoto(uid, item.id, file, options, (photo_path) => {
      const created_at = firestore.serverTimestamp();
      return firestore.setDoc(item, { name: null, brand: null, created_at, ...given(fields), uid, photo_path });
    });
    return item.id;
  }

  watch(uid: string, onItems: (items: WardrobeItem[]) => void, onError: (error: ClosetError) => void): () => void {
    const mine = firestore.where("uid", "==", uid);
    const states = firestore.collection(this.#firestore(), "item_state");
    return watchItems(firestore.query(this.#items(), mine), firestore.query(states, mine), onItems, onError);
  }

  /** Returns the address of an object; asked for once. */
  url(path: string): Promise<string> {
    let url = this.#urls.get(path);
    if (!url) {
      url = storage.getDownloadURL(this.#object(path));
      url.catch(() => this.#urls.delete(path));
      this.#urls.set(path, url);
    }
    return url;
  }

  async updateItem(uid: string, id: string, { file, ...fields }: ItemChanges, options: UploadOptions): Promise<void> {
    const item = firestore.doc(this.#items(), id);
    if (!file) return firestore.updateDoc(item, given(fields));
    const before = (await firestore.getDoc(item)).get("photo_path") as unknown;
    await this.#withPhoto(uid, id, file, options, (photo_path) =>
      firestore.updateDoc(item, { ...given(fields), photo_path }),
    );
    if (typeof before === "string" && before) await discard(this.#object(before));
  }

  removeItem(id: string): Promise<void> {
    return firestore.deleteDoc(firestore.doc(this.#items(), id));
  }

  /** Returns a person's export once it is no longer being prepared. */
  finishedExport(uid: string, signal?: AbortSignal): Promise<FinishedExport> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const document = firestore.doc(this.#firestore(), "exports", uid);
      const stop = firestore.onSnapshot(
        document,
        (snapshot) => {
          const found = snapshot.data() as FinishedExport | undefined;
          if (!found || found.status === "preparing") return;
          stop();
          resolve(found);
        },
        reject,
      );
      signal?.addEventListener("abort", () => (stop(), reject(new ClosetError("cancelled"))), { once: true });
    });
  }

  /** Uploads a photo and then writes what names it; removes the photo if that fails. */
  async #withPhoto(
    uid: string,
    id: string,
    file: Blob,
    options: UploadOptions,
    write: (path: string) => Promise<void>,
  ): Promise<void> {
    const { data, type, extension } = await preparePhoto(file);
    options.signal?.throwIfAborted();
    const photo = this.#object(`users/${uid}/wardrobe/${id}/${Date.now()}.${extension}`);
    await upload(photo, data, type, options);
    try {
      options.signal?.throwIfAborted();
      await write(photo.fullPath);
    } catch (error) {
      await discard(photo);
      throw error;
    }
  }

  #firestore(): firestore.Firestore {
    return firestore.getFirestore(this.#app);
  }

  #items(): firestore.CollectionReference {
    return firestore.collection(this.#firestore(), this.#options.collection ?? "wardrobe");
  }

  #object(path: string): storage.StorageReference {
    return storage.ref(storageOf(this.#app, this.#options), path);
  }
}

function storageOf(app: FirebaseApp, { bucket }: ClosetOptions): storage.FirebaseStorage {
  return storage.getStorage(app, bucket && `gs://${bucket}`);
}

async function upload(photo: storage.StorageReference, data: Blob, contentType: string, options: UploadOptions): Promise<void> {
  const { onProgress, signal } = options;
  const task = storage.uploadBytesResumable(photo, data, { contentType, cacheControl: CACHE_CONTROL });
  if (onProgress) task.on("state_changed", (now) => onProgress(now.bytesTransferred / now.totalBytes));
  const cancel = () => task.cancel();
  signal?.addEventListener("abort", cancel);
  try {
    await task;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** Removes a photo that no item names; if it stays, the server finds and removes it later. */
async function discard(photo: storage.StorageReference): Promise<void> {
  await storage.deleteObject(photo).catch(() => undefined);
}
