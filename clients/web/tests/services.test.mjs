import assert from "node:assert/strict";
import { test } from "node:test";
import { deleteApp, initializeApp } from "firebase/app";
import { getAuth } from "firebase/auth";
import { getFirestore } from "firebase/firestore";
import { connectLocal } from "../dist/index.js";

test("addresses that are not given are those of the local stack", async () => {
  const app = initializeApp({ apiKey: "local", projectId: "demo", storageBucket: "demo" });
  const connected = connectLocal(app, { auth: "127.0.0.1:7000", firestore: undefined, storage: "" });
  assert.deepEqual([getAuth(app).emulatorConfig.host, getAuth(app).emulatorConfig.port], ["127.0.0.1", 7000]);
  await connected;
  assert.equal(getFirestore(app).toJSON().settings.host, "127.0.0.1:8080");
  await deleteApp(app);
});
