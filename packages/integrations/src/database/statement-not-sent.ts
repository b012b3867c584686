/**
 * The cause of the cancellation of a statement that was not sent: its scope was cancelled while the statement waited, for
 * a connection of a pool or behind another statement. The server has not seen the statement.
 */
export class StatementNotSentError extends Error {
  override readonly name = "StatementNotSentError";
  readonly code = "ERR_STATEMENT_NOT_SENT";
}
