// A file on its way to a photo: what it is, whether it may be uploaded, and smaller if the browser can do that.

import { MAX_PHOTO_BYTES } from "./api.js";
import { ClosetError, type ClosetErrorReason } from "./errors.js";
import { oneAtATime } from "./serial.js";

/** The longest side of an uploaded photo in pixels: more shows nothing that a recommendation needs. */
const MAX_SIDE = 1600;

const JPEG_QUALITY = 0.9;

/** A large photo takes 50 MB while it is made smaller: of many at once, a phone would run out of memory. */
const inTurn = oneAtATime();

/** Bytes in which a file says what it is. */
const SIGNATURE_BYTES = 1024;

const EXTENSIONS = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/heic": "heic",
  "image/avif": "avif",
} as const;

export type PhotoType = keyof typeof EXTENSIONS;

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface Photo {
  readonly data: Blob;
  readonly type: PhotoType;
  readonly extension: string;
}

/** Returns a file as a photo to upload. Throws `invalid-argument` for what the server would refuse. */
export async function preparePhoto(file: Blob): Promise<Photo> {
  if (!file?.size) throw refusal("photo_empty", "There is no file, or it is empty. Choose another one.");
  const head = await file.slice(0, SIGNATURE_BYTES).arrayBuffer().catch(unreadable);
  const type = photoType(new Uint8Array(head));
  if (!type) {
    const message = "This file is not a JPEG, PNG, WebP, HEIC or AVIF photo. Choose another one.";
    throw refusal("photo_unsupported_format", message);
  }
  const smaller = type === "image/heic" || type === "image/avif" ? null : await inTurn(() => shrink(file)).catch(() => null);
  const photo = smaller ? jpeg(smaller) : { data: file, type, extension: EXTENSIONS[type] };
  if (photo.data.size > MAX_PHOTO_BYTES) {
    const message = `A photo may have up to ${MAX_PHOTO_BYTES / 1e6} MB. Choose a smaller one.`;
    throw refusal("photo_too_large", message);
  }
  return photo;
}

/** Returns the type that a file's first bytes show, whatever its name says; null for anything but a photo. */
export function photoType(head: Uint8Array): PhotoType | null {
  const ascii = String.fromCharCode(...head);
  if (ascii.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (ascii.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (ascii.startsWith("RIFF") && ascii.startsWith("WEBP", 8)) return "image/webp";
  if (!ascii.startsWith("ftyp", 4)) return null;
  // The box of the file's brands begins with its length, and has at least one.
  const end = new DataView(head.buffer, head.byteOffset).getUint32(0);
  const brands = ascii.slice(8, Math.max(12, end));
  if (/^(.{4})*(avif|avis)/s.test(brands)) return "image/avif";
  return /^(.{4})*(hei[cxms]|hev[cxms]|mif1|msf1)/s.test(brands) ? "image/heic" : null;
}

/** Returns a photo as a JPEG of at most 1,600 pixels; null if it is small already. Throws if it can't be decoded here. */
async function shrink(file: Blob): Promise<Blob | null> {
  if (typeof createImageBitmap !== "function") return null; // not a browser
  // Browsers that don't know this orientation refuse it, and would draw photos sideways.
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = MAX_SIDE / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale)];
  try {
    return scale < 1 ? await draw(bitmap, width, height) : null;
  } finally {
    bitmap.close();
  }
}

async function draw(bitmap: ImageBitmap, width: number, height: number): Promise<Blob | null> {
  const offscreen = typeof OffscreenCanvas === "function";
  const canvas = offscreen ? new OffscreenCanvas(width, height) : document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d") as Context | null;
  if (!context || !drawsTruly(context)) return null;
  context.fillStyle = "white"; // a JPEG has no transparency
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}

/** Returns whether a canvas gives back what was drawn: browsers that hide who somebody is return noise. */
function drawsTruly(context: Context): boolean {
  context.fillStyle = "rgb(10 20 30)";
  context.fillRect(0, 0, 8, 8);
  const drawn = context.getImageData(0, 0, 8, 8).data;
  return drawn.every((value, index) => value === [10, 20, 30, 255][index % 4]);
}

function jpeg(data: Blob): Photo {
  return { data, type: "image/jpeg", extension: EXTENSIONS["image/jpeg"] };
}

function unreadable(cause: unknown): never {
  // A file that was moved, or that a phone keeps elsewhere.
  throw refusal("photo_unreadable", "This file can't be read. Choose it again.", cause);
}

function refusal(reason: ClosetErrorReason, message: string, cause?: unknown): ClosetError {
  return new ClosetError("invalid-argument", message, { reason, field: "file" }, cause);
}
