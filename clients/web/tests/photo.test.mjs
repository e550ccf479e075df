import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PHOTO_BYTES } from "../dist/api.js";
import { photoType, preparePhoto } from "../dist/photo.js";

const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const gone = async () => {
  throw new DOMException("The file could not be read", "NotReadableError");
};
const box = (...brands) => `\0\0\0${String.fromCharCode(16 + 4 * (brands.length - 1))}ftyp${brands[0]}\0\0\0\0${brands.slice(1).join("")}`;

test("a photo's type is what its bytes say", () => {
  const files = {
    "\xff\xd8\xff\xe0": "image/jpeg",
    "\x89PNG\r\n\x1a\n": "image/png",
    "RIFF\0\0\0\0WEBPVP8 ": "image/webp",
    [box("heic", "mif1")]: "image/heic",
    [box("mif1", "heic")]: "image/heic",
    [box("mif1", "avif")]: "image/avif",
    [box("avif")]: "image/avif",
  };
  for (const [content, type] of Object.entries(files)) assert.equal(photoType(bytes(content)), type);
});

test("other files have no type", () => {
  const others = ["", "\xff", "GIF89a", "<svg>", "%PDF-1.7", "RIFF\0\0\0\0WAVE", "\0\0\0", "\0\0\0\x08ftyp", box("mp42", "isom")];
  for (const content of others) assert.equal(photoType(bytes(content)), null, content);
});

test("brands after the end of their box say nothing", () => {
  assert.equal(photoType(bytes(box("mp42") + "heic")), null);
});

test("a file keeps its bytes where it can't be decoded", async () => {
  const file = new Blob([bytes("\x89PNG\r\n\x1a\n and so on")], { type: "text/plain" });
  assert.deepEqual(await preparePhoto(file), { data: file, type: "image/png", extension: "png" });
});

test("files that the server would refuse are refused with its codes", async () => {
  const jpeg = bytes("\xff\xd8\xff");
  const refused = {
    photo_empty: new Blob([]),
    photo_unreadable: Object.assign(new Blob(["a file that is gone"]), { slice: () => ({ arrayBuffer: gone }) }),
    photo_unsupported_format: new Blob(["a text"], { type: "image/jpeg" }),
    photo_too_large: new Blob([jpeg, new Uint8Array(MAX_PHOTO_BYTES - 2)]),
  };
  for (const [reason, file] of Object.entries(refused)) {
    await assert.rejects(preparePhoto(file), { name: "ClosetError", code: "invalid-argument", field: "file", reason });
  }
  await assert.rejects(preparePhoto(undefined), { reason: "photo_empty" });
  await preparePhoto(new Blob([jpeg, new Uint8Array(MAX_PHOTO_BYTES - 3)]));
});
