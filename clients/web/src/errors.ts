/** What kind of error it is, for programs. */
export type ClosetErrorCode =
  | "unauthenticated"
  | "permission-denied"
  | "invalid-argument"
  | "failed-precondition"
  | "resource-exhausted"
  | "not-found"
  | "unavailable"
  | "cancelled"
  | "internal";

/** Which error it is, for programs: of a callable, or of a file that can't become a photo. More may be added. */
export type ClosetErrorReason =
  | "empty"
  | "processing"
  | "failed"
  | "recent_login_required"
  | "account_deleted"
  | "photo_empty"
  | "photo_too_large"
  | "photo_unreadable"
  | "photo_unsupported_format"
  | (string & {});

/** An error of this library. `message` is a sentence that can be shown; `cause` is the original error. */
export class ClosetError extends Error {
  override readonly name = "ClosetError";
  readonly code: ClosetErrorCode;
  /** Which error it is, if the server or this library distinguishes it. */
  readonly reason: ClosetErrorReason | null;
  /** The field of the request that is wrong, if one is. */
  readonly field: string | null;
  /** What else the server says, such as the number of items that are being processed. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ClosetErrorCode, message = SENTENCES[code], details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.reason = text(details.reason);
    this.field = text(details.field);
    this.details = details;
  }

  /** Returns an error of Functions, Storage, Firestore or Auth as a `ClosetError`. */
  static from(error: unknown): ClosetError {
    if (error instanceof ClosetError) return error;
    const { code: fullCode, message, name, details } = Object(error) as Record<string, unknown>;
    if (name === "AbortError") return new ClosetError("cancelled", undefined, {}, error);
    const [code = "", service] = String(fullCode).split("/").reverse();
    // The SDK appends the status of the answer to the server's sentence.
    const sentence = typeof message === "string" ? message.replace(/ \[\d{3}\]$/, "") : undefined;
    const fromServer = service === "functions" && typeof message === "string" && !SDK_MESSAGE.test(message);
    // The SDK of Functions reports a server that can't be reached as "internal".
    const unreachable = service === "functions" && code === "internal" && !fromServer;
    const known = unreachable ? "unavailable" : knownCode(code);
    return new ClosetError(known, fromServer && known !== "internal" ? sentence : undefined, record(details), error);
  }
}

const SENTENCES: Record<ClosetErrorCode, string> = {
  unauthenticated: "Sign in first.",
  "permission-denied": "This is refused: it belongs to somebody else, or a field is too long or has the wrong type.",
  "invalid-argument": "A field has a wrong value.",
  "failed-precondition": "Something else has to be done first.",
  "resource-exhausted": "A limit is reached. Try again later.",
  "not-found": "This does not exist any more.",
  unavailable: "The server does not answer. Check your connection, and try again.",
  cancelled: "This was cancelled.",
  internal: "Something went wrong. Try again.",
};

/** Other codes of Functions, Firestore, Storage and Auth. */
const OTHER_CODES: Record<string, ClosetErrorCode> = {
  unauthorized: "permission-denied",
  "out-of-range": "invalid-argument",
  "quota-exceeded": "resource-exhausted",
  "object-not-found": "not-found",
  "deadline-exceeded": "unavailable",
  aborted: "unavailable",
  "retry-limit-exceeded": "unavailable",
  "network-request-failed": "unavailable",
  canceled: "cancelled",
};

function knownCode(code: string): ClosetErrorCode {
  return Object.hasOwn(SENTENCES, code) ? (code as ClosetErrorCode) : (OTHER_CODES[code] ?? "internal");
}

/** The message of an error that the SDK of Functions makes without an answer: its code, perhaps with a status. */
const SDK_MESSAGE = /^[a-z-]+( \[\d+\])?$/;

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
