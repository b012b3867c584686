/**
 * All errors of usage in one table: a code for programs, and a sentence that says what is wrong and what to do. The
 * message starts with the name of the object.
 */

const table = {
  ERR_ALREADY_STARTED: "has already been started. Create a new one per run",
  ERR_NOT_STARTED: "has not been started. Call run(), settle() or start() first",
  ERR_ENDED: "has already ended. Create a new one",
  ERR_PARENT_ENDED: "has ended. Pass one that has not",
  ERR_GROUP_ENDED:
    "has ended and starts no more children. Start children while its body or another child runs",
  ERR_NOT_HELD: "is not held by this caller. Acquire it first",
  ERR_ALREADY_HELD:
    "is already held by this caller, which would wait for itself. Release it first, or acquire it in another task",
  ERR_BROKEN: "is broken: the task that held it ended without releasing it",
  ERR_WOULD_BLOCK: "would have to wait. Call the method that waits, or try again later",
  ERR_CLOSED: "is closed",
  ERR_OWNED: "belongs to an operation, which closes it at its end. Cancel the operation instead",
  ERR_WAITS_FOR_ITSELF: "would wait for itself. Do not call it from inside its own run",
  ERR_RELEASED_TOO_OFTEN: "was released too often",
  ERR_STARTED_TWICE: "was called twice. Call it once",
  ERR_NEVER_STARTED: "returned without calling started(). Call started() when the task is ready",
  ERR_RELATIVE_DEADLINE: "has a relative timeout and therefore no deadline before it runs",
  ERR_UNKNOWN_BACKEND: "is not a known backend",
  ERR_UNSUPPORTED_HOST: "is not available on this host",
  ERR_OTHER_VERSION:
    "comes from another version of @hother/cancelable. Use one version in all threads of the process",
  ERR_MISSING_PACKAGE: "needs a package that is not installed",
  ERR_BUSY: "is in use by another caller",
  ERR_NO_RESULT: "has no result yet",
  ERR_FULL: "is full: too many calls have not ended. Call again later, or give it a greater capacity",
  ERR_NO_BRIDGE:
    "has no bridge in this thread. Start a ThreadBridge on it, or attach to the bridge of another thread",
  ERR_NO_THREADS: "has no threads. Import @hother/cancelable/threads first",
  ERR_NOT_SET: "has no value in this run. Set it first, or pass a default",
} as const;

/** The codes of {@link UsageError}. */
export type UsageErrorCode = keyof typeof table;

/**
 * Thrown for a call that is wrong regardless of the timing. `code` identifies the mistake. The call had no effect.
 */
export class UsageError extends Error {
  readonly code: UsageErrorCode;
  constructor(code: UsageErrorCode, subject: string, detail?: string) {
    super(`${subject} ${table[code]}${detail === undefined ? "" : ` (${detail})`}.`);
    this.name = "UsageError";
    this.code = code;
  }
}
