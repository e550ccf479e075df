import type { FirebaseApp } from "firebase/app";
import { getAuth, onAuthStateChanged, signOut, type Unsubscribe } from "firebase/auth";
import { httpsCallable } from "firebase/functions";
import type {
  DeletionResponse,
  ExportResponse,
  FacetsResponse,
  FeedbackRequest,
  FeedbackResponse,
  RecommendRequest,
  RecommendResponse,
} from "./api.js";
import { ClosetError } from "./errors.js";
import { given } from "./given.js";
import { pagesOf } from "./pages.js";
import { functionsOf, loadStore, type ClosetOptions } from "./services.js";
import type { ItemChanges, NewItem, Store, UploadOptions } from "./store.js";
import type { WardrobeItem } from "./wardrobe.js";

/**
 * The wardrobe of the person who is signed in to the app, and what fits it.
 *
 * All methods throw `ClosetError`.
 */
export class Closet {
  readonly #app: FirebaseApp;
  readonly #options: ClosetOptions;
  #store: Promise<Store> | undefined;

  constructor(app: FirebaseApp, options: ClosetOptions = {}) {
    this.#app = app;
    this.#options = options;
  }

  /** Uploads a photo and adds an item for it; returns the item's id. */
  addItem(file: Blob, fields: NewItem = {}, options: UploadOptions = {}): Promise<string> {
    return this.#stored((store, uid) => store.addItem(uid, file, fields, options));
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
      stop = user ? this.#watch(user.uid, onItems, onError) : undefined;
      if (!user) onItems([]);
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
    return path ? translated(async () => (await this.#loaded()).url(path)) : Promise.resolve(item.secure_url || null);
  }

  /** Changes an item's fields, or its photo. */
  updateItem(id: string, changes: ItemChanges, options: UploadOptions = {}): Promise<void> {
    return this.#stored((store, uid) => store.updateItem(uid, id, changes, options));
  }

  /** Removes an item; the server then removes its photo and everything that it knows of it. */
  removeItem(id: string): Promise<void> {
    return translated(async () => (await this.#loaded()).removeItem(id));
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
  exportMyData({ signal }: Pick<UploadOptions, "signal"> = {}): Promise<string> {
    return this.#stored(async (store, uid) => {
      const asked = await this.#call<ExportResponse>("exportMyData", {});
      const done = asked.status === "preparing" ? await store.finishedExport(uid, signal) : asked;
      if (!done.path) throw new ClosetError("internal", done.message ?? undefined);
      return store.url(done.path);
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

  #stored<Value>(work: (store: Store, uid: string) => Promise<Value>): Promise<Value> {
    return translated(async () => {
      const uid = await this.#uid();
      return work(await this.#loaded(), uid);
    });
  }

  /** Returns the store, which is loaded at first; a load that failed is tried again by the next call. */
  #loaded(): Promise<Store> {
    this.#store ??= loadStore(this.#app, this.#options).catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  #watch(uid: string, onItems: (items: WardrobeItem[]) => void, onError: (error: ClosetError) => void): Unsubscribe {
    let stop: Unsubscribe | undefined;
    let ended = false;
    this.#loaded().then(
      (store) => {
        if (!ended) stop = store.watch(uid, onItems, onError);
      },
      (error: unknown) => {
        if (!ended) onError(ClosetError.from(error));
      },
    );
    return () => {
      ended = true;
      stop?.();
    };
  }
}

async function translated<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw ClosetError.from(error);
  }
}
