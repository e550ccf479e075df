import type { FirebaseApp } from "firebase/app";
import { getAuth, onAuthStateChanged, signOut, type Unsubscribe } from "firebase/auth";
import * as firestore from "firebase/firestore";
import { httpsCallable } from "firebase/functions";
import { deleteObject, getDownloadURL, ref, uploadBytesResumable, type StorageReference } from "firebase/storage";
import type {
  DeletionResponse,
  ExportResponse,
  FacetsResponse,
  FeedbackRequest,
  FeedbackResponse,
  ItemFields,
  RecommendRequest,
  RecommendResponse,
} from "./api.js";
import { ClosetError } from "./errors.js";
import { pagesOf } from "./pages.js";
import { preparePhoto } from "./photo.js";
import { functionsOf, storageOf, type ClosetOptions } from "./services.js";
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

/** A year: an item's photo never changes, because another photo has another name. */
const CACHE_CONTROL = "private, max-age=31536000";

/**
 * The wardrobe of the person who is signed in to the app, and what fits it.
 *
 * All methods throw `ClosetError`.
 */
export class Closet {
  readonly #app: FirebaseApp;
  readonly #options: ClosetOptions;
  readonly #urls = new Map<string, Promise<string>>();

  constructor(app: FirebaseApp, options: ClosetOptions = {}) {
    this.#app = app;
    this.#options = options;
  }

  /** Uploads a photo and adds an item for it; returns the item's id. */
  addItem(file: Blob, fields: NewItem = {}, options: UploadOptions = {}): Promise<string> {
    return translated(async () => {
      const uid = await this.#uid();
      const item = firestore.doc(this.#items());
      await this.#withPhoto(uid, item.id, file, options, (photo_path) => {
        const created_at = firestore.serverTimestamp();
        return firestore.setDoc(item, { name: "", brand: "", created_at, ...given(fields), uid, photo_path });
      });
      return item.id;
    });
  }

  /**
   * Calls back with all items now and after each change, until the returned function is called.
   *
   * It follows who is signed in; without anybody there are no items.
   */
  watchWardrobe(onItems: (items: WardrobeItem[]) => void, onError: (error: ClosetError) => void): Unsubscribe {
    let stop: Unsubscribe | undefined;
    const leave = onAuthStateChanged(getAuth(this.#app), (user) => {
      stop?.();
      stop = undefined;
      if (!user) return onItems([]);
      const mine = firestore.where("uid", "==", user.uid);
      const states = firestore.collection(this.#firestore(), "item_state");
      stop = watchItems(firestore.query(this.#items(), mine), firestore.query(states, mine), onItems, onError);
    });
    return () => {
      leave();
      stop?.();
    };
  }

  /**
   * Returns the address of an item's photo for an `<img>`, null if it has none yet: of a thumbnail, with a longest side
   * of 640 or 160 pixels, if there is one.
   */
  photoUrl({ item, state }: WardrobeItem, side: 640 | 160 = 640): Promise<string | null> {
    const path = state?.thumbnails?.[side] ?? item.photo_path;
    if (!path) return Promise.resolve(item.secure_url || null);
    let url = this.#urls.get(path);
    if (!url) {
      url = translated(() => getDownloadURL(this.#object(path)));
      url.catch(() => this.#urls.delete(path));
      this.#urls.set(path, url);
    }
    return url;
  }

  /** Changes an item's fields, or its photo. */
  updateItem(id: string, { file, ...fields }: ItemChanges, options: UploadOptions = {}): Promise<void> {
    return translated(async () => {
      const uid = await this.#uid();
      const item = firestore.doc(this.#items(), id);
      if (!file) return firestore.updateDoc(item, given(fields));
      const before = (await firestore.getDoc(item)).get("photo_path") as unknown;
      await this.#withPhoto(uid, id, file, options, (photo_path) =>
        firestore.updateDoc(item, { ...given(fields), photo_path }),
      );
      if (typeof before === "string" && before) await discard(this.#object(before));
    });
  }

  /** Removes an item; the server then removes its photo and everything that it knows of it. */
  removeItem(id: string): Promise<void> {
    return translated(async () => firestore.deleteDoc(firestore.doc(this.#items(), id)));
  }

  /** Returns one page of recommendations. */
  recommend(request: RecommendRequest = {}): Promise<RecommendResponse> {
    return this.#call<RecommendResponse>("recommend", request);
  }

  /** Returns the pages of one list, for `for await` or one by one with `next()`. No item comes twice. */
  recommendPages(request: RecommendRequest = {}): AsyncIterableIterator<RecommendResponse> {
    return pagesOf((page) => this.recommend(page), request);
  }

  /** Returns what the filters of `recommend` may name, with the number of items of each. */
  facets(): Promise<FacetsResponse> {
    return this.#call<FacetsResponse>("facets", {});
  }

  /** Says what the person thinks of a catalog item; `clear` takes it back. */
  feedback(itemId: string, kind: FeedbackRequest["kind"]): Promise<FeedbackResponse> {
    return this.#call<FeedbackResponse>("feedback", { itemId, kind });
  }

  /** Asks for a file with everything that is stored about the person; returns its address once it is ready. */
  exportMyData(options: Pick<UploadOptions, "signal"> = {}): Promise<string> {
    return translated(async () => {
      const uid = await this.#uid();
      const asked = await this.#call<ExportResponse>("exportMyData", {});
      const done = asked.status === "preparing" ? await this.#finishedExport(uid, options.signal) : asked;
      if (!done.path) throw new ClosetError("internal", done.message ?? undefined);
      return getDownloadURL(this.#object(done.path));
    });
  }

  /**
   * Deletes the account with everything that belongs to it, and signs out.
   *
   * Throws `failed-precondition` with the reason `recent_login_required` if the sign-in is too long ago.
   */
  async deleteAccount(): Promise<void> {
    await this.#call<DeletionResponse>("deleteAccount", {});
    await translated(() => signOut(getAuth(this.#app)));
  }

  async #uid(): Promise<string> {
    const auth = getAuth(this.#app);
    await auth.authStateReady();
    if (!auth.currentUser) throw new ClosetError("unauthenticated");
    return auth.currentUser.uid;
  }

  #call<Answer>(name: string, request: object): Promise<Answer> {
    return translated(async () => {
      await this.#uid();
      const call = httpsCallable<object, Answer>(functionsOf(this.#app, this.#options), name);
      return (await call(given(request))).data;
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

  #finishedExport(uid: string, signal?: AbortSignal): Promise<ExportResponse> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const document = firestore.doc(this.#firestore(), "exports", uid);
      const stop = firestore.onSnapshot(
        document,
        (snapshot) => {
          const found = snapshot.data() as ExportResponse | undefined;
          if (!found || found.status === "preparing") return;
          stop();
          resolve(found);
        },
        reject,
      );
      signal?.addEventListener("abort", () => (stop(), reject(new ClosetError("cancelled"))), { once: true });
    });
  }

  #firestore(): firestore.Firestore {
    return firestore.getFirestore(this.#app);
  }

  #items(): firestore.CollectionReference {
    return firestore.collection(this.#firestore(), this.#options.collection ?? "wardrobe");
  }

  #object(path: string): StorageReference {
    return ref(storageOf(this.#app, this.#options), path);
  }
}

/** Returns the fields that are given: Firestore refuses undefined values, and the callables would get null. */
function given(fields: object): firestore.DocumentData {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function upload(photo: StorageReference, data: Blob, contentType: string, options: UploadOptions): Promise<void> {
  const { onProgress, signal } = options;
  const task = uploadBytesResumable(photo, data, { contentType, cacheControl: CACHE_CONTROL });
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
async function discard(photo: StorageReference): Promise<void> {
  await deleteObject(photo).catch(() => undefined);
}

async function translated<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw ClosetError.from(error);
  }
}
