import { test } from "vitest";
import {
  Cancellable,
  type CancellableOptions,
  type OperationEvent,
  type Outcome,
  run,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred } from "../backends.ts";

/** An operation whose body waits until `end` or `fail` is called. */
export interface Running {
  readonly op: Cancellable;
  readonly outcome: Promise<Outcome<void>>;
  end(): Promise<Outcome<void>>;
  fail(error: unknown): Promise<Outcome<void>>;
}

export function running(options: CancellableOptions): Running {
  const op = new Cancellable(options);
  const gate = deferred();
  const outcome = op.settle(() => op.waitFor(gate.promise));
  return {
    op,
    outcome,
    end() {
      gate.resolve();
      return outcome;
    },
    fail(error) {
      gate.reject(error);
      return outcome;
    },
  };
}

export async function endAll(all: readonly Running[]): Promise<void> {
  await Promise.all(all.map((one) => one.end()));
}

export const names = (snapshots: ReadonlyArray<{ readonly name: string | undefined }>): unknown[] =>
  snapshots.map(({ name }) => name);

/** A short form of an event: the type, the operation's name and its progress. */
export function brief({ type, operation: { name, progress } }: OperationEvent): string {
  const figure = typeof progress === "object" ? progress.current : progress;
  return `${type} ${name}${figure === undefined ? "" : ` ${figure}`}`;
}

/** Reads events in their short form until `last` comes, and leaves the loop. */
export async function readUntil(
  events: AsyncIterableIterator<OperationEvent>,
  last: string,
): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) {
    seen.push(brief(event));
    if (seen.at(-1) === last) break;
  }
  return seen;
}

/** For exact times. A test of behaviour that is the same on every clock uses `everywhere`. */
export function inVirtualTime(title: string, body: (backend: VirtualBackend) => Promise<void>): void {
  test(title, () => {
    const backend = new VirtualBackend();
    return run(() => body(backend), { backend });
  });
}
