// The pages of one list.

import type { RecommendRequest, RecommendResponse } from "./api.js";
import { oneAtATime } from "./serial.js";

/**
 * Returns the pages of a list to its end.
 *
 * A generator would end with the first error; this one asks for the same page again, as a list that scrolls needs it.
 */
export function pagesOf(
  recommend: (request: RecommendRequest) => Promise<RecommendResponse>,
  request: RecommendRequest,
): AsyncIterableIterator<RecommendResponse> {
  const inTurn = oneAtATime();
  let cursor = request.cursor ?? null;
  let ended = false;
  return {
    next: () =>
      inTurn(async () => {
        if (ended) return { done: true, value: undefined };
        const page = await recommend({ ...request, cursor });
        cursor = page.cursor;
        ended = cursor === null;
        return { done: false, value: page };
      }),
    return: async () => {
      ended = true;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
