export type * from "./api.js";
export { Closet } from "./closet.js";
export { ClosetError } from "./errors.js";
export type { ClosetErrorCode, ClosetErrorReason } from "./errors.js";
export { connectLocal } from "./services.js";
export type { ClosetOptions, LocalAddresses } from "./services.js";
export type { ItemChanges, NewItem, UploadOptions } from "./store.js";
export type { ItemDocument, WardrobeItem } from "./wardrobe.js";
