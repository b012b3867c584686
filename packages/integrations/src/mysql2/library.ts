import type { EventEmitter } from "node:events";
import type { Duplex, Readable } from "node:stream";
import type { ConnectionOptions } from "mysql2";

// The part of mysql2 below its public interface that is used here. Everything that a connection sends is a command, and
// `addCommand` is the only way to send one. The tests run against the real library, so a change of these names is seen.

/** A function of Node that gets an error or results. */
export type Callback = (error: Error | null, ...results: unknown[]) => unknown;

/** Something that a connection sends, and its answer. */
export interface Command extends EventEmitter {
  sql?: string;
  /** Gets the result. Without it the command emits `result`, `error` and `end`. */
  onResult?: Callback | undefined;
  /** Sends the command when its turn has come. Returns the function for the next packet, or null for a command that is over. */
  start(packet: unknown, connection: unknown): unknown;
  stream?(options?: unknown): Readable;
}

/** A connection of mysql2 itself, which calls callbacks. */
export interface RawConnection extends EventEmitter {
  readonly threadId: number;
  readonly config: RawConfig;
  readonly stream: Duplex;
  readonly _isMariaDB?: boolean;
  addCommand(command: Command): Command;
  /** Without a packet: lets the command whose turn it is go on. */
  handlePacket(): void;
  query(sql: string, callback: Callback): unknown;
  /** Reads no further packets until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Only of a connection of a pool. */
  release?(): void;
  destroy(): void;
  end(callback?: Callback): unknown;
}

/** The configuration of a connection as mysql2 keeps it: that of the user, and more. */
export interface RawConfig extends ConnectionOptions {
  /** The pool of the connection. */
  readonly pool?: object;
}

/** A pool of mysql2 itself. */
export interface RawPool extends EventEmitter {
  readonly config: { readonly connectionConfig: RawConfig };
  getConnection(callback: (error: Error | null, connection?: RawConnection) => void): void;
  end(callback?: Callback): void;
}
