import { Cancellable, type CancellationError } from "@hother/cancelable";
import { afterEach, beforeEach, expect } from "vitest";
import type { PartialAnswer } from "../../src/model/partial-answer.ts";
import { type Answer, modelServer } from "./model-server.ts";

/** A stream of parts, or a helper with events. */
export interface Parts extends AsyncIterable<unknown> {
  readonly controller: AbortController;
}

/** A helper with events, as the cases use it. */
export interface Helper extends Parts {
  final(): Promise<unknown>;
  readonly aborted: boolean;
  onAbort(listener: (error: unknown) => void): void;
  readonly handle: object;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly maxRetries?: number;
}

/** A client under test, cancellable. */
export interface SdkUnderTest {
  readonly create: (options?: CallOptions) => Promise<unknown>;
  readonly stream: (options?: CallOptions) => Promise<Parts>;
  readonly helper: (options?: CallOptions) => Helper;
  readonly list: () => Promise<unknown>;
  readonly textOf: (part: unknown) => string;
}

export interface SdkCases {
  readonly name: string;
  readonly client: (url: string) => SdkUnderTest;
  readonly partialAnswer: (answer: object) => PartialAnswer;
  /** The parts of the text "Hello". */
  readonly hello: string;
  /** The part that ends the answer. */
  readonly end: string;
  readonly whole: unknown;
  /** The usage after `hello`. */
  readonly usageSoFar: PartialAnswer["usage"];
  readonly usage: PartialAnswer["usage"];
  readonly finishReason: string;
}

/** The error that `work` rejects with, and that of the scope in which it runs. */
export interface Ends {
  readonly error: unknown;
  readonly scopeError: CancellationError | undefined;
}

export function whenRead(): { readonly read: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  const read = new Promise<void>((done) => {
    resolve = done;
  });
  return { read, resolve };
}

/** Runs `work` in an operation that is cancelled when `when` resolves. */
export async function cancelled(
  work: () => Promise<unknown>,
  when: (op: Cancellable) => Promise<unknown>,
): Promise<Ends> {
  const op = new Cancellable();
  let error: unknown;
  const ending = op.settle(() =>
    work().catch((thrown: unknown) => {
      error = thrown;
      throw thrown;
    }),
  );
  await when(op);
  op.cancel("disconnect", "the user has left");
  expect(await ending).toMatchObject({ status: "cancelled" });
  return { error, scopeError: op.error };
}

/** Makes each test fail that leaves an unhandled rejection. */
export function watchRejections(): void {
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  beforeEach(() => {
    unhandled.length = 0;
    process.on("unhandledRejection", onUnhandled);
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });
}

/** Starts a server, and a client of it. */
export async function start(cases: SdkCases, ...answers: Answer[]) {
  const server = await modelServer(...answers);
  return {
    server,
    sdk: cases.client(server.url),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
