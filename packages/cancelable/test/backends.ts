import { effectBackend } from "@hother/cancelable-backends/effect";
import { effectionBackend } from "@hother/cancelable-backends/effection";
import { describe, expect, test } from "vitest";
import { untilScopeLost } from "../../../tools/hosts/lost-scope.ts";
import { type AsyncBackend, getBackend, run, setReporter } from "../src/index.ts";
import { VirtualBackend } from "../src/testing/index.ts";
import { FrameBackend } from "./frame-backend.ts";

export { stepRecorder } from "../src/testing/index.ts";

/** The runtimes that every behavioural test runs on. A further one joins by a line here. */
export const backends: ReadonlyArray<{ readonly name: string; readonly create: () => AsyncBackend }> = [
  { name: "native", create: () => getBackend("native") },
  { name: "virtual", create: () => new VirtualBackend() },
  { name: "effect", create: () => effectBackend },
  { name: "effection", create: () => effectionBackend },
  { name: "frames", create: () => new FrameBackend() },
];

/** What a test is given. */
export interface Case {
  readonly backend: AsyncBackend;
  /** Milliseconds on the backend's clock since the test began. */
  elapsed(): number;
  /** Asserts that the clock stands at `ms`: exactly in virtual time, not before it on the real clock. */
  expectElapsed(ms: number): void;
  /** Errors that went to the reporter. */
  readonly reported: unknown[];
  /** Keeps the thread busy: time passes and no timer fires. */
  block(ms: number): void;
}

type Body = (t: Case) => unknown;

/** Runs a test on every backend, inside `run`. Errors that are reported and not looked at fail it. */
export function everywhere(title: string, body: Body): void {
  for (const { name, create } of backends) {
    test(`${title} [${name}]`, () => inBackend(create(), body));
  }
}

/** As {@link everywhere}, for tests that take long on a real clock: on the backend with virtual time only. */
export function inVirtualTime(title: string, body: Body, timeout?: number): void {
  test(`${title} [virtual]`, () => inBackend(new VirtualBackend(), body), timeout);
}

export function describeEverywhere(subject: string, define: (on: typeof everywhere) => void): void {
  describe(subject, () => define(everywhere));
}

async function inBackend(backend: AsyncBackend, body: Body): Promise<void> {
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  try {
    const ended = run(
      async () => {
        const start = backend.now();
        const elapsed = (): number => backend.now() - start;
        await body({
          backend,
          elapsed,
          reported,
          expectElapsed(ms) {
            if (backend instanceof VirtualBackend) expect(elapsed()).toBe(ms);
            else expect(elapsed()).toBeGreaterThanOrEqual(ms);
          },
          block(ms) {
            if (backend instanceof VirtualBackend) backend.pass(ms);
            else for (const end = backend.now() + ms; backend.now() < end; );
          },
        });
      },
      { backend },
    );
    await (backend.name === "native" ? ended : untilScopeLost(ended));
    expect(reported).toEqual([]);
  } finally {
    setReporter(before);
  }
}

/** The error that a promise rejects with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return expect.fail(`it should have rejected, and resolved with ${String(value)}`);
}

/** A promise that its owner settles. */
export function deferred<T = void>(): {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
