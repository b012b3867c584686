/** Why a transaction was not stored, although its body returned a value. */
export class TransactionAbortedError extends Error {
  override readonly name = "TransactionAbortedError";
  readonly code = "ERR_TRANSACTION_ABORTED";
}

/**
 * `COMMIT` was sent, and the connection broke before the server answered: the server has stored the transaction or not. The
 * `cause` is the error of the connection, or the cancellation.
 */
export class CommitUnknownError extends Error {
  override readonly name = "CommitUnknownError";
  readonly code = "ERR_COMMIT_UNKNOWN";
}
