/** A statement that a driver sends on a connection, and how the server is made to stop it. */
export interface Statement<T> {
  /** The statement in an error message, for example `a statement of pg`. */
  readonly what: string;
  /** Sends the statement. The promise settles when the server has ended the statement. Called at most once. */
  send(): Promise<T>;
  /**
   * Asks the server to stop the running statement. The promise settles when this request can have no effect any more,
   * so that the request cannot hit the next statement of the connection. Called again after a pause while the statement
   * runs on, because a request that reaches the server before the statement has no effect.
   */
  cancel(): Promise<unknown>;
  /** Whether the server says with `error` that a request stopped the statement. Called for the error of `send()` only. */
  isCancelled(error: unknown): boolean;
  /** Destroys the connection, which no other statement may use any more. `send()` may stay pending after it. */
  destroy(error: Error): void;
}
