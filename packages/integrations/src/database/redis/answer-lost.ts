/**
 * The cause of the cancellation of a Redis command that was sent and has no answer: the answer did not come in time, or its
 * connection was lost. The server may have run the command. The command is not sent again.
 */
export class AnswerLostError extends Error {
  override readonly name = "AnswerLostError";
  readonly code = "ERR_ANSWER_LOST";
}
