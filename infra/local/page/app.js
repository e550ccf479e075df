// Puts the page together.

import { connect } from "./backend.js";
import { Controls } from "./controls.js";
import { showText } from "./dom.js";
import { Opinions } from "./opinions.js";
import { Recommendations } from "./recommendations.js";
import { sentenceFor } from "./sentences.js";
import { Toast } from "./toast.js";
import { Wardrobe } from "./wardrobe.js";

const SETTLE_MS = 500; // several photos become ready at the same time: send one request
const LET_GO_MS = 250; // holding an arrow key changes a slider many times per second
const $ = (id) => document.getElementById(id);

const toast = new Toast($("toast"));
function report(problem) {
  if (typeof problem !== "string") console.error(problem);
  toast.notify(typeof problem === "string" ? problem : sentenceFor(problem));
}

/** Calls `act` with the latest value once values have stopped changing for a moment. */
function settled(act, milliseconds) {
  let timer, last;
  return (value) => {
    const text = JSON.stringify(value);
    if (text === last) return;
    last = text;
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds, value);
  };
}

async function start() {
  const backend = await connect(await (await fetch("/config.json")).json());
  $("account").textContent = backend.email;
  let recommendations;
  const update = settled((ready) => recommendations.update(ready.length > 0), SETTLE_MS);
  const wardrobe = new Wardrobe({
    backend,
    grid: $("items"),
    drop: $("drop"),
    files: $("files"),
    count: $("wardrobe-count"),
    report,
    readyChanged: (ready) => update(ready.map(([id, state]) => [id, state.content_key])),
  });
  recommendations = new Recommendations({
    backend,
    wardrobe,
    opinions: new Opinions({ feedback: backend.feedback, report }),
    controls: new Controls({
      form: $("controls"),
      chips: $("categories"),
      brands: $("brands-out"),
      reset: $("start-over"),
      changed: settled(() => recommendations.again(), LET_GO_MS),
    }),
    grid: $("fits"),
    notice: $("notice"),
    more: $("more"),
    refresh: $("refresh"),
    notify: (text, offer) => toast.notify(text, offer),
  });
}

start().catch((error) => {
  console.error(error);
  showText($("account"), "");
  showText($("notice"), "The local Firebase does not answer. Is the demo still running?");
});
