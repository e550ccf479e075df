const SENTENCES: Record<string, string> = {
  "auth/invalid-credential": "The email or the password is wrong.",
  "auth/invalid-login-credentials": "The email or the password is wrong.",
  "auth/user-not-found": "There is no account with this email. Create one.",
  "auth/wrong-password": "The password is wrong.",
  "auth/email-already-in-use": "There is an account with this email already. Sign in.",
  "auth/weak-password": "Choose a password of at least six characters.",
  "auth/invalid-email": "This is not an email address.",
  "auth/too-many-requests": "Too many attempts. Wait a few minutes.",
  "auth/network-request-failed": "The server does not answer. Check your connection, and try again.",
};

/** Returns a sentence for an error of Firebase Authentication. */
export function signInSentence(error: unknown): string {
  const { code } = Object(error) as { code?: string };
  return SENTENCES[code ?? ""] ?? "Signing in failed. Try again.";
}
