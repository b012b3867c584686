/** A connection, as a transaction uses it. */
export interface TransactionConnection<Client> {
  /** The connection in an error message, for example `a client of pg`. */
  readonly what: string;
  /** The object that is the connection. */
  readonly key: object;
  /**
   * What the server says: `open` in a transaction, `failed` in one that can only be rolled back, `none` outside of a
   * transaction. `broken` if the connection cannot be used any more. `unknown` if the driver does not know it.
   */
  readonly state: "open" | "failed" | "none" | "broken" | "unknown";
  /** Asks the server for the state, if the driver does not know it by itself. */
  ready?(): Promise<void>;
  /** Sends a statement in the ambient scope, and fulfils with the command that the server says it has run: `COMMIT`. */
  send(sql: string): Promise<string | undefined>;
  /** Sends a statement that no scope cancels, and for which no scope waits. */
  sendAlways(sql: string): Promise<unknown>;
  /** Destroys the connection, whose state is `broken` then. The server ends the transaction. */
  destroy(): void;
  /** The client for the body of one level of the transaction. */
  clientFor(level: TransactionGate): Client;
}

/** The questions of the client of a transaction before it sends a statement. */
export interface TransactionGate {
  /** @throws UsageError if the transaction has ended, or if a transaction inside is open and the caller is not in it. */
  enter(): void;
  /**
   * The statement belongs to the transaction, which waits for it. Returns a promise like `statement`.
   *
   * @param finish Ends a statement that would wait for its user for ever. Called when the body has ended.
   */
  own<T>(statement: Promise<T>, finish?: () => void): Promise<T>;
}
