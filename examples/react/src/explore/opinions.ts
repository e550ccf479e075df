import { ClosetError, type FeedbackRequest } from "@closetspace/web";
import { useCallback, useRef, useState } from "react";
import { closet } from "../backend";

export type Opinion = Exclude<FeedbackRequest["kind"], "clear">;

export interface Opinions {
  of: (productId: string) => Opinion | undefined;
  /** Stores an opinion, or takes it back with undefined; shown at once. */
  set: (productId: string, opinion: Opinion | undefined) => void;
  /** Why the last one could not be stored. */
  problem: string;
}

/** Returns the opinions that were given in this session. */
export function useOpinions(): Opinions {
  const [opinions, setOpinions] = useState<ReadonlyMap<string, Opinion | undefined>>(new Map());
  const [problem, setProblem] = useState("");
  const stored = useRef(new Map<string, Opinion | undefined>());
  // Two requests for one product must not overtake each other.
  const queue = useRef(Promise.resolve());

  const set = useCallback((id: string, opinion: Opinion | undefined) => {
    setOpinions((all) => new Map(all).set(id, opinion));
    setProblem("");
    queue.current = queue.current.then(async () => {
      try {
        await closet.feedback(id, opinion ?? "clear");
        stored.current.set(id, opinion);
      } catch (error) {
        // A later opinion stays: its own request follows.
        setOpinions((all) => (all.get(id) === opinion ? new Map(all).set(id, stored.current.get(id)) : all));
        setProblem(ClosetError.from(error).message);
      }
    });
  }, []);

  return { of: (id) => opinions.get(id), set, problem };
}
