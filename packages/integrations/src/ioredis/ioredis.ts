/** The members by which a client of ioredis is recognised. */
export interface IORedisLike {
  readonly status: string;
  readonly isCluster: boolean;
  sendCommand(command: never, stream?: never): unknown;
  disconnect(reconnect?: boolean): void;
}

/** A command of ioredis. */
export interface Command {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly promise: Promise<unknown>;
  resolve(reply: unknown): unknown;
  reject(error: unknown): void;
  /** Is called when the command is written to its connection. */
  toWritable(stream: unknown): unknown;
}

/** The way of a command to its connection. Undefined for a command on its own. */
type Stream = { readonly isPipeline?: boolean } | undefined;

/** Commands that go to the server together. */
export interface Pipeline {
  readonly isPipeline?: boolean;
  readonly _queue: readonly Command[];
  exec(callback?: (error: unknown, results?: unknown) => void): Promise<unknown>;
}

/** The part of a client that is used here. */
export interface Client {
  readonly status: string;
  readonly options: { readonly enableAutoPipelining?: boolean | undefined };
  readonly stream?: { unref?(): void } | undefined;
  sendCommand(command: Command, stream?: Stream, node?: unknown): unknown;
  connect(callback?: unknown): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  duplicate(overrides?: object): Client;
  pipeline(...args: unknown[]): Pipeline;
  multi(...args: unknown[]): unknown;
  client(...args: string[]): Promise<unknown>;
  on(event: string, listener: () => void): unknown;
}

/** A command of the same library, for a question of this module. */
export function questionLike(command: Command, name: string, args: readonly string[]): Command {
  // The class `Command` of ioredis, and no subclass for scripts.
  let type = command.constructor as new (name: string, args: readonly string[], options: object) => Command;
  while ("FLAGS" in Object.getPrototypeOf(type)) type = Object.getPrototypeOf(type);
  return new type(name, args, { replyEncoding: "utf8" });
}
