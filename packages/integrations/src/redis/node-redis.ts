/** The options of one command. */
export interface CommandOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly [name: string]: unknown;
}

/** The arguments of a command, as they go to the server. */
export type Arguments = readonly unknown[];

/** The events of a client that are used. */
interface Events {
  on(event: string, listener: (...args: never[]) => void): unknown;
  once(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** The members by which a client of node-redis is recognised. */
export interface ClientLike {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  sendCommand(args: string[]): Promise<unknown>;
}

/**
 * The object behind a client, to which all its commands go. node-redis gives its users an object that has this one as its
 * prototype, so that the options of commands can differ.
 */
export interface ClientCore extends Events {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options: { readonly socket?: object | undefined };
  /** The options of the commands of a client, or of a client that `withCommandOptions` has returned. */
  readonly _commandOptions?: CommandOptions | undefined;
  sendCommand(args: Arguments, options?: CommandOptions): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  unref(): void;
  duplicate(overrides?: object): ClientCore;
  _executeMulti(...args: unknown[]): Promise<unknown[]>;
  _executePipeline(...args: unknown[]): Promise<unknown[]>;
}

/** The members by which a pool of node-redis is recognised. */
export interface PoolLike {
  readonly isOpen: boolean;
  readonly totalClients: number;
  readonly idleClients: number;
}

/** The object behind a pool. */
export interface PoolCore {
  execute<T>(fn: (client: ClientLike) => T | Promise<T>): Promise<T>;
}

/** The object behind a client or a pool that node-redis has given to its user. */
export function coreOf(client: object): unknown {
  return (client as { readonly _self?: unknown })._self; // of every client and pool of node-redis
}

/** Whether node-redis says that it has taken a command back. */
export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.constructor.name === "AbortError";
}
