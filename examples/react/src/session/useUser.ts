import { onAuthStateChanged, type User } from "firebase/auth";
import { useEffect, useState } from "react";
import { auth, enterDemo } from "../backend";

/** Returns who is signed in: null for nobody, undefined as long as it isn't known. */
export function useUser(): User | null | undefined {
  const [user, setUser] = useState<User | null>();
  useEffect(() => {
    let stop = () => {};
    let left = false;
    // Without the demo's account the page asks to sign in.
    void entered().then(() => {
      if (!left) stop = onAuthStateChanged(auth, setUser);
    });
    return () => {
      left = true;
      stop();
    };
  }, []);
  return user;
}

let entering: Promise<void> | undefined;

/** Enters the demo once, also if React mounts twice. */
function entered(): Promise<void> {
  entering ??= enterDemo().catch((error: unknown) => console.error(error));
  return entering;
}
