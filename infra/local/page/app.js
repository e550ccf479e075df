// Puts the page together.

import { connect } from "./backend.js";
import { say } from "./dom.js";
import { Recommendations } from "./recommendations.js";
import { sentenceFor } from "./sentences.js";
import { Wardrobe } from "./wardrobe.js";

const SETTLE_MS = 500; // several photos become ready at once: ask once
const TOAST_MS = 6000;
const $ = (id) => document.getElementById(id);

let toastTimer;
function report(problem) {
  if (typeof problem !== "string") console.error(problem);
  say($("toast"), typeof problem === "string" ? problem : sentenceFor(problem));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => say($("toast"), ""), TOAST_MS);
}

/** Calls `act` with the latest value, once values stopped changing for a moment. */
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
    grid: $("fits"),
    chips: $("categories"),
    notice: $("notice"),
    more: $("more"),
    refresh: $("refresh"),
    version: $("index-version"),
  });
}

start().catch((error) => {
  console.error(error);
  say($("account"), "");
  say($("notice"), "The local Firebase does not answer. Is the demo still running?");
});
