import { ClosetError } from "@closetspace/web";
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { closet } from "../backend";

/** A photo on its way to the wardrobe. */
export interface Upload {
  readonly id: number;
  readonly file: File;
  /** From 0 to 1. */
  readonly share: number;
  /** Why it failed; null as long as it goes on. */
  readonly problem: string | null;
}

interface Uploads {
  readonly uploads: readonly Upload[];
  readonly add: (files: Iterable<File>) => void;
  readonly retry: (upload: Upload) => void;
  /** Cancels an upload, or forgets one that has failed. */
  readonly drop: (upload: Upload) => void;
}

const UploadsContext = createContext<Uploads | null>(null);

/** Returns the uploads, which go on while another page is open. */
export function useUploads(): Uploads {
  const uploads = use(UploadsContext);
  if (!uploads) throw new Error("useUploads needs an UploadsProvider");
  return uploads;
}

export function UploadsProvider({ children }: { children: ReactNode }) {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const controllers = useRef(new Map<number, AbortController>());
  const last = useRef(0);

  // What one person has begun must not go on as the next one.
  useEffect(() => {
    const running = controllers.current;
    return () => running.forEach((controller) => controller.abort());
  }, []);

  const change = useCallback((id: number, changes: Partial<Upload>) => {
    setUploads((all) => all.map((one) => (one.id === id ? { ...one, ...changes } : one)));
  }, []);

  const drop = useCallback(({ id }: Upload) => {
    controllers.current.get(id)?.abort();
    setUploads((all) => all.filter((one) => one.id !== id));
  }, []);

  const start = useCallback(
    async (upload: Upload) => {
      const controller = new AbortController();
      controllers.current.set(upload.id, controller);
      try {
        const onProgress = (share: number) => change(upload.id, { share });
        await closet.addItem(upload.file, {}, { onProgress, signal: controller.signal });
        drop(upload);
      } catch (error) {
        change(upload.id, { problem: ClosetError.from(error).message });
      } finally {
        controllers.current.delete(upload.id);
      }
    },
    [change, drop],
  );

  const add = useCallback(
    (files: Iterable<File>) => {
      const added = [...files].map((file) => ({ id: ++last.current, file, share: 0, problem: null }));
      setUploads((all) => [...all, ...added]);
      added.forEach((upload) => void start(upload));
    },
    [start],
  );

  const retry = useCallback(
    (upload: Upload) => {
      change(upload.id, { problem: null, share: 0 });
      void start(upload);
    },
    [change, start],
  );

  const value = useMemo(() => ({ uploads, add, retry, drop }), [uploads, add, retry, drop]);
  return <UploadsContext value={value}>{children}</UploadsContext>;
}
