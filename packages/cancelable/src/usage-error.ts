/**
 * Every complaint about how the library is called, in one table: a code for programs,
 * a sentence for people, and what to do about it.
 */

const table = {
  ERR_ALREADY_STARTED: "was started before; it runs once. Make a new one for every run",
  ERR_NOT_STARTED: "has not been started. Call run(), settle() or start() first",
  ERR_ENDED: "has ended already. Make a new one",
  ERR_PARENT_ENDED: "has ended and takes no new children. Give a parent that has not",
  ERR_GROUP_ENDED: "has ended and starts no more children. Start them while its body or another child runs",
  ERR_NOT_HELD: "is not held by this caller. Release only what you acquired, once",
  ERR_ALREADY_HELD:
    "is already held by this task and would wait for itself. Release it first, or start the work as tasks of their own",
  ERR_BROKEN: "is broken: its owner ended without releasing it",
  ERR_WOULD_BLOCK: "would have to wait. Use the waiting form, or try again later",
  ERR_CLOSED: "is closed",
  ERR_RELEASED_TOO_OFTEN: "was released more often than it was acquired",
  ERR_STARTED_TWICE: "was called twice. Call started() once",
  ERR_NEVER_STARTED: "returned without calling started(). Call started() when it is ready",
  ERR_RELATIVE_DEADLINE: "has no absolute deadline before it is entered; it was made with a relative timeout",
  ERR_UNKNOWN_BACKEND: "is no backend known here",
  ERR_UNSUPPORTED_HOST: "is not available on this host",
  ERR_BUSY: "is in use by another caller",
  ERR_NO_RESULT: "has no result yet. Await it first",
  ERR_ALREADY_SETTLED: "has been settled, or cancelled, before. Settle it once",
  ERR_NOT_SET: "has no value in this run. Set it first, or give it a default",
} as const;

/** The codes of {@link UsageError}. */
export type UsageErrorCode = keyof typeof table;

/** A call that cannot be right, whatever the timing. `code` says which; nothing was changed. */
export class UsageError extends Error {
  readonly code: UsageErrorCode;
  constructor(code: UsageErrorCode, subject: string, detail?: string) {
    super(`${subject} ${table[code]}${detail === undefined ? "" : ` (${detail})`}.`);
    this.name = "UsageError";
    this.code = code;
  }
}
