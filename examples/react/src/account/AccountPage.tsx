import { ClosetError } from "@closetspace/web";
import { EmailAuthProvider, reauthenticateWithCredential, signOut } from "firebase/auth";
import { useState, type SyntheticEvent } from "react";
import { useLocation } from "wouter";
import { auth, closet } from "../backend";
import { signInSentence } from "../session/sentences";
import { Alert } from "../ui/Alert";
import { Dialog } from "../ui/Dialog";
import { Page } from "../ui/Page";
import { useDeveloper } from "./developer";

export function AccountPage() {
  const { details, setDetails } = useDeveloper();
  const [, navigate] = useLocation();
  function leave() {
    navigate("/"); // the next person begins there
    void signOut(auth);
  }
  return (
    <Page title="Account">
      <section className="account">
        <p>
          You are signed in as <strong>{auth.currentUser?.email ?? "a visitor"}</strong>.
        </p>
        <button onClick={leave}>Sign out</button>
        <h2>Your data</h2>
        <Export />
        <DeleteAccount />
        <h2>Developers</h2>
        <label className="check">
          <input type="checkbox" checked={details} onChange={(event) => setDetails(event.target.checked)} />
          Show details for developers
        </label>
      </section>
    </Page>
  );
}

function Export() {
  const [state, setState] = useState<{ busy?: boolean; url?: string; problem?: string }>({});
  async function begin() {
    setState({ busy: true });
    try {
      setState({ url: await closet.exportMyData() });
    } catch (error) {
      setState({ problem: ClosetError.from(error).message });
    }
  }
  return (
    <>
      <p className="quiet">A zip file of your photos, and of everything else that is stored about you.</p>
      {state.url ? (
        <a className="button" href={state.url} download>
          Download the file
        </a>
      ) : (
        <button disabled={state.busy} onClick={begin}>
          Download my data
        </button>
      )}
      <p role="status" className="quiet">
        {state.busy && "Preparing your data…"}
      </p>
      <Alert text={state.problem} />
    </>
  );
}

function DeleteAccount() {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <p className="quiet">Deleting the account removes your photos, and everything else that is stored about you.</p>
      <button className="danger" onClick={() => setAsking(true)}>
        Delete account
      </button>
      {asking && <DeletionDialog onClose={() => setAsking(false)} />}
    </>
  );
}

function DeletionDialog({ onClose }: { onClose: () => void }) {
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [, navigate] = useLocation();

  async function remove(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password"));
    const user = auth.currentUser;
    if (!user?.email) return;
    setBusy(true);
    setProblem("");
    try {
      // The server asks for a sign-in of the last minutes.
      await reauthenticateWithCredential(user, EmailAuthProvider.credential(user.email, password));
      await closet.deleteAccount();
      navigate("/");
    } catch (error) {
      setProblem(error instanceof ClosetError ? error.message : signInSentence(error));
      setBusy(false);
    }
  }

  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <form className="fields" onSubmit={remove}>
        <p>All photos, all that you said, and the account itself are gone for good.</p>
        {/* So that password managers know whose password it is. */}
        <input type="email" autoComplete="username" value={auth.currentUser?.email ?? ""} readOnly hidden />
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <Alert text={problem} />
        <div className="row">
          <button className="danger" disabled={busy}>
            Delete account
          </button>
          <button type="button" onClick={onClose}>
            Keep it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
