// Options: one vocabulary, and undefined for every option (with exactOptionalPropertyTypes).
import {
  type AmbientScope,
  all,
  Cancellable,
  type CancellableOptions,
  type CancellationToken,
  CancelScope,
  cancellable,
  cancellableStream,
  map,
  moveOnAfter,
  race,
  run,
  type ScopeOptions,
  shield,
  taskGroup,
} from "@hother/cancelable";
import { expectTypeOf } from "vitest";

/** Every option that the type has, with undefined added. */
type Undefinable<T> = { readonly [K in keyof T]: T[K] | undefined };

export async function undefinedIsAllowed(
  scope: Undefinable<ScopeOptions>,
  operation: Undefinable<CancellableOptions>,
): Promise<void> {
  const fn = async (): Promise<number> => 1;
  new CancelScope(scope);
  await taskGroup(fn, scope);
  await moveOnAfter(5, fn, scope);
  await run(fn, { ...scope, backend: undefined });
  await all([fn], { ...scope, concurrency: undefined });
  await map([1], fn, scope);
  await race([fn], scope);
  const { shield: _, ...unshielded } = scope;
  await shield(fn, unshielded);
  new Cancellable(operation);
  Cancellable.withTimeout(5, operation);
  Cancellable.anyOf([], operation);
  Cancellable.withSignal([], operation);
  cancellable({ ...operation, combine: undefined }, fn);
  cancellableStream([1], { ...operation, operation: undefined, idleTimeout: undefined });
}

export function oneOrSeveral(token: CancellationToken, signal: AbortSignal): void {
  new CancelScope({ token, signal });
  new CancelScope({ token: [token], signal: [signal] });
  new Cancellable({ signals: "SIGINT", condition: () => true, resources: { memory: 90, interval: 5 } });
  new Cancellable({ signals: ["SIGINT"], condition: { check: async () => true, interval: { seconds: 1 } } });
  // @ts-expect-error: a scope has no condition
  new CancelScope({ condition: () => true });
  // @ts-expect-error: a token is no signal
  new Cancellable({ signal: token });
  // @ts-expect-error: no such signal
  Cancellable.withSignal("SIGFOO");
  // @ts-expect-error: signals have names such as SIGINT
  new Cancellable({ signals: "INT" });
}

export function subclasses(token: CancellationToken): void {
  class Job extends Cancellable {}
  expectTypeOf(Job.withTimeout(5)).toEqualTypeOf<Job>();
  expectTypeOf(Job.anyOf([token], { name: "job" })).toEqualTypeOf<Job>();
  expectTypeOf(Cancellable.withToken(token)).toEqualTypeOf<Cancellable>();
  class Named extends Cancellable {
    constructor(title: string) {
      super({ name: title });
    }
  }
  // @ts-expect-error: the constructor of the subclass takes no options
  Named.withTimeout(5);
}

export function parents(
  token: CancellationToken,
  operation: Cancellable,
  scope: CancelScope,
  ambient: AmbientScope,
): void {
  for (const parent of [operation, scope, ambient, null, undefined]) new CancelScope({ parent });
  // @ts-expect-error -- a token is no scope
  new CancelScope({ parent: token });
  // @ts-expect-error -- an AbortSignal is no scope
  new Cancellable({ parent: token.signal });
}
