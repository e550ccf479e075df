import assert from "node:assert/strict";
import { test } from "node:test";
import { ClosetError } from "../dist/errors.js";

const firebase = (code, message, details) => Object.assign(new Error(message), { name: "FirebaseError", code, details });

test("an error of a callable keeps its sentence, reason and details", () => {
  const details = { reason: "processing", processing: 2 };
  const original = firebase("functions/failed-precondition", "Two photos are still being processed.", details);
  const error = ClosetError.from(original);
  assert.deepEqual([error.code, error.reason, error.details], ["failed-precondition", "processing", details]);
  assert.equal(error.message, "Two photos are still being processed.");
  assert.equal(error.cause, original);
});

test("a field that is wrong is named", () => {
  const error = ClosetError.from(firebase("functions/invalid-argument", "count: at most 100.", { field: "count" }));
  assert.deepEqual([error.code, error.field, error.reason], ["invalid-argument", "count", null]);
});

test("the services' codes become one vocabulary, with sentences to show", () => {
  const codes = {
    "storage/unauthorized": "permission-denied",
    "storage/canceled": "cancelled",
    "storage/retry-limit-exceeded": "unavailable",
    "storage/object-not-found": "not-found",
    "storage/something-new": "internal",
    "functions/deadline-exceeded": "unavailable",
    "auth/network-request-failed": "unavailable",
    "permission-denied": "permission-denied",
    unavailable: "unavailable",
  };
  for (const [code, expected] of Object.entries(codes)) {
    const error = ClosetError.from(firebase(code, `${code.split("/").at(-1)} [404]`));
    assert.equal(error.code, expected, code);
    assert.match(error.message, /^[A-Z].* .*\.$/);
  }
});

test("a sentence of the server comes without the status that the SDK appends", () => {
  const error = ClosetError.from(firebase("functions/failed-precondition", "Your wardrobe is empty. [400]"));
  assert.equal(error.message, "Your wardrobe is empty.");
});

test("functions that can't be reached are unavailable, and their own faults internal", () => {
  for (const message of ["internal", "internal [0]"]) {
    assert.equal(ClosetError.from(firebase("functions/internal", message)).code, "unavailable");
  }
  assert.equal(ClosetError.from(firebase("functions/internal", "INTERNAL")).code, "internal");
});

test("whatever is thrown becomes an error", () => {
  for (const thrown of [undefined, null, "text", 1, {}, new TypeError("of x"), { code: 3, details: "none" }]) {
    const { code, reason, details, cause } = ClosetError.from(thrown);
    assert.deepEqual({ code, reason, details, cause }, { code: "internal", reason: null, details: {}, cause: thrown });
  }
  assert.equal(ClosetError.from(AbortSignal.abort().reason).code, "cancelled");
  const error = new ClosetError("unavailable");
  assert.equal(ClosetError.from(error), error);
});
