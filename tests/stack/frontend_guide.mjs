// Runs the guide's examples as a signed-in person with one item. Arguments: the modules of the SDK, and, as JSON, the
// environment, the examples and the path of a photo. Prints what the guide's functions and examples have shown.
import { readFileSync } from "node:fs";

const { env, examples, photo } = JSON.parse(process.argv[2]);
globalThis.ENV = env;
for (const name of ["auth", "firestore", "storage", "functions"]) {
  Object.assign(globalThis, await import(`firebase/${name}`));
}
for (const name of ["backend", "wardrobe", "recommendations"]) {
  Object.assign(globalThis, await import(`./src/${name}.js`));
}
const printed = [];
console.log = (...words) => printed.push(words.join(" "));
const seen = { progress: 0, recommended: 0 };
Object.defineProperty(globalThis, "user", { get: () => auth.currentUser });
Object.assign(globalThis, {
  file: new File([readFileSync(photo)], "shirt.jpg", { type: "image/jpeg" }),
  name: "Shirt",
  brand: "",
  showRecommendations: (items) => (seen.recommended = items.length),
});

/** Returns the items of the wardrobe once all of them are ready. */
function allReady() {
  return new Promise((resolve, reject) => {
    const stop = watchWardrobe(user.uid, (items) => {
      if (!items.length || items.some((item) => item.state?.status !== "ready")) return;
      setTimeout(() => (stop(), resolve(items)));
    }, reject);
  });
}

async function enter() {
  if (!user) await createUserWithEmailAndPassword(auth, `${crypto.randomUUID()}@closetspace.example`, "a password");
  const mine = await getDocs(query(collection(db, "wardrobe"), where("uid", "==", user.uid)));
  if (mine.empty) await addItem(file, { name: "Blue shirt" }, (share) => (seen.progress = share));
  [globalThis.item] = await allReady();
}

const run = (code) => new (async () => {}).constructor(code)();
for (const code of examples) {
  await enter();
  await run(code).catch((error) => {
    throw new Error(`${error.message} in\n${code}`, { cause: error });
  });
}

await enter();
seen.picture = (await fetch(await addressOf(picturePath(item)))).status;
await rename(item.id, "Another name");
seen.name = (await getDoc(doc(db, "wardrobe", item.id))).data().name;
await replacePhoto(item.id, file);
seen.replaced = (await getDoc(doc(db, "wardrobe", item.id))).data().photo_path !== item.photo_path;
await giveFeedback((await recommend({ count: 1 })).items[0].id, "dismiss");
await removeItem(item.id);
process.stdout.write(JSON.stringify({ ...seen, printed }));
process.exit(0);
