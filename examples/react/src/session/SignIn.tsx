import { createUserWithEmailAndPassword, signInWithEmailAndPassword } from "firebase/auth";
import { useState, type SyntheticEvent } from "react";
import { auth, demoAccount } from "../backend";
import { Alert } from "../ui/Alert";
import { signInSentence } from "./sentences";

export function SignIn() {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function enter(event: SyntheticEvent<HTMLFormElement, SubmitEvent>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const isNew = event.nativeEvent.submitter?.getAttribute("value") === "new";
    const act = isNew ? createUserWithEmailAndPassword : signInWithEmailAndPassword;
    setBusy(true);
    setProblem("");
    try {
      await act(auth, String(fields.get("email")), String(fields.get("password")));
    } catch (error) {
      setProblem(signInSentence(error));
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <title>Closetspace</title>
      <img src="./icon.svg" alt="" width="56" height="56" />
      <h1>Closetspace</h1>
      <p className="quiet">Clothes that fit what you already own.</p>
      <form onSubmit={enter}>
        <label>
          Email
          <input name="email" type="email" autoComplete="username" defaultValue={demoAccount?.email} required />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            defaultValue={demoAccount?.password}
            minLength={6}
            required
          />
        </label>
        <Alert text={problem} />
        <div className="row">
          <button className="primary" value="old" disabled={busy}>
            Sign in
          </button>
          <button value="new" disabled={busy}>
            Create account
          </button>
        </div>
      </form>
    </main>
  );
}
