/** The values of a statement: those of its `?` in their order, or those of its names. */
export type SqliteParameters = readonly unknown[] | { readonly [name: string]: unknown };

/** The database that a host opens. */
export interface OpenRequest {
  readonly file: string;
  readonly readOnly: boolean;
  /** SQL to run after the opening. */
  readonly setup: string | undefined;
}

/** A request to a host, which performs its requests one after the other. */
export interface HostRequest {
  /** From 1. */
  readonly number: number;
  readonly method: "open" | "exec" | "run" | "get" | "all" | "iterate" | "more" | "return" | "close";
  readonly sql?: string;
  readonly parameters?: SqliteParameters | undefined;
  readonly open?: OpenRequest;
}

/** The answer to the request of the same number. */
export type HostAnswer = { readonly number: number } & (
  | { readonly value: unknown }
  | { readonly error: HostError; readonly isStopped: boolean }
);

/** An error of SQLite, which loses its fields on the way as an `Error`. */
export interface HostError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: { readonly [name: string]: unknown };
}

/** Some rows of `iterate`. */
export interface Chunk {
  readonly rows: readonly unknown[];
  readonly isLast: boolean;
}
