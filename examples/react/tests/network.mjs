// The network of a page: how fast it is, and what went over it.

const MBIT = 1e6 / 8;

/** Bytes a second and milliseconds. */
export const NETWORKS = {
  slow: { downloadThroughput: 1.6 * MBIT, uploadThroughput: 0.75 * MBIT, latency: 150 },
  fast: { downloadThroughput: -1, uploadThroughput: -1, latency: 0 },
};

export class Network {
  #session;
  /** The requests so far: their times in seconds, and the bytes that came over the network. */
  requests = [];

  constructor(session) {
    this.#session = session;
    const known = new Map();
    session.on("Network.requestWillBeSent", ({ requestId, request, type, timestamp }) => {
      const seen = { url: request.url, method: request.method, type, start: timestamp, end: null, bytes: 0 };
      known.set(requestId, seen);
      this.requests.push(seen);
    });
    session.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
      const seen = known.get(requestId);
      if (seen) seen.bytes += encodedDataLength;
    });
    session.on("Network.loadingFinished", ({ requestId, timestamp, encodedDataLength }) => {
      const seen = known.get(requestId);
      if (seen) Object.assign(seen, { end: timestamp, bytes: encodedDataLength });
    });
    session.on("Network.loadingFailed", ({ requestId, timestamp }) => {
      const seen = known.get(requestId);
      if (seen) seen.end = timestamp;
    });
  }

  static async of(page) {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    return new Network(session);
  }

  emulate(conditions) {
    return this.#session.send("Network.emulateNetworkConditions", { offline: false, ...conditions });
  }

  /** Forgets what the browser has stored of earlier answers. */
  clearCache() {
    return this.#session.send("Network.clearBrowserCache");
  }

  /** The requests that have ended, in that order, without those that ask whether another may be sent. */
  get ended() {
    const ended = this.requests.filter(({ end, method }) => end !== null && method !== "OPTIONS");
    return ended.sort((one, other) => one.end - other.end);
  }
}
