// Forwards all events of the local Firebase, which runs Node functions only, to the Python process.
//
// endpoints.json, beside this file, is written from the manifest of the Python functions:
// { name: { url, endpoint } }, so events are delivered as in production.
// A failed request throws, and the local Firebase retries it according to the endpoint.
"use strict";

const functions = require("./endpoints.json");

async function post(url, headers, body) {
  const response = await fetch(url, { method: "POST", headers, body });
  const answer = await response.text();
  if (!response.ok) throw new Error(`answered ${response.status}: ${answer.slice(0, 200)}`);
}

const onEvent = (url) => (event) =>
  post(url, { "content-type": "application/cloudevents+json" }, JSON.stringify(event));

const onSchedule = (url) => (event) =>
  post(url, {
    "x-cloudscheduler-jobname": event.jobName,
    "x-cloudscheduler-scheduletime": event.scheduleTime,
  });

for (const [name, { url, endpoint }] of Object.entries(functions)) {
  const handler = endpoint.scheduleTrigger ? onSchedule(url) : onEvent(url);
  exports[name] = Object.assign(handler, { __endpoint: endpoint });
}
