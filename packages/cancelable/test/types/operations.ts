// Types of operations: the value of a body, the outcome, options and callbacks.
import { Cancellable, type CancellationError, type Outcome } from "@hother/cancelable";
import { expectTypeOf } from "vitest";

export async function valuesOfBodies(op: Cancellable): Promise<void> {
  expectTypeOf(await op.run(() => 1)).toEqualTypeOf<number>();
  expectTypeOf(await op.run(async (self) => self.name)).toEqualTypeOf<string | undefined>();
  expectTypeOf(await op.run(() => {})).toEqualTypeOf<void>();
  expectTypeOf(await op.shield(async () => "text")).toEqualTypeOf<string>();
  expectTypeOf(await op.waitFor(Promise.resolve(1))).toEqualTypeOf<number>();
  expectTypeOf(await op.waitFor(() => "text")).toEqualTypeOf<string>();
  expectTypeOf(await op.sleep({ seconds: 1 })).toEqualTypeOf<void>();
}

export async function outcomes(op: Cancellable): Promise<string> {
  const outcome = await op.settle(async () => 42);
  expectTypeOf(outcome).toEqualTypeOf<Outcome<number>>();
  // @ts-expect-error: the value exists in a completed outcome only
  outcome.value;
  switch (outcome.status) {
    case "completed":
      expectTypeOf(outcome.value).toEqualTypeOf<number>();
      // @ts-expect-error: a completed outcome has no error
      outcome.error;
      return "value";
    case "cancelled":
      expectTypeOf(outcome.error).toEqualTypeOf<CancellationError>();
      expectTypeOf(outcome.abandoned).toEqualTypeOf<true | undefined>();
      return outcome.error.reason;
    case "failed":
      expectTypeOf(outcome.error).toBeUnknown();
      return String(outcome.error);
  }
}

export function options(parent: Cancellable): void {
  new Cancellable({ name: "name", id: "id", parent, metadata: { user: 1 }, register: true });
  new Cancellable({ parent: null });
  // @ts-expect-error: the name is a string
  new Cancellable({ name: 5 });
  // @ts-expect-error: an unknown option
  new Cancellable({ nome: "name" });
  // @ts-expect-error: a span is no text
  Cancellable.withTimeout("5 s");
  // @ts-expect-error: a token is no AbortSignal
  Cancellable.withAbortSignal(parent.token);
  // @ts-expect-error: a number is no part
  Cancellable.anyOf(parent, 5);
  parent.cancel("superseded", "a newer request came", { cause: new Error("newer"), propagate: false });
  // @ts-expect-error: an unknown option
  parent.token.cancel("manual", "text", { propagate: false });
  // @ts-expect-error: a promise is no body
  void parent.run(Promise.resolve(1));
}

/** Rule 38: options follow an array of parts. */
export function withoutOptions(parent: Cancellable): void {
  Cancellable.withSignal("SIGINT", "SIGTERM");
  // @ts-expect-error: no options after single parts
  Cancellable.withSignal("SIGINT", { name: "server" });
  // @ts-expect-error: no options after single parts
  Cancellable.anyOf(parent, { name: "either" });
  // @ts-expect-error: no options after single parts
  Cancellable.allOf(parent, { name: "both" });
}

export function callbacks(op: Cancellable): void {
  expectTypeOf(op.onStart(() => {})).toEqualTypeOf<Cancellable>();
  op.onCancel((context) => {
    expectTypeOf(context.cancelReason).toExtend<string | undefined>();
  });
  op.onError((_context, error) => {
    expectTypeOf(error).toBeUnknown();
  });
  op.onProgress((progress, { context, metadata }) => {
    expectTypeOf(context.id).toEqualTypeOf<string>();
    expectTypeOf(progress).not.toBeAny();
    expectTypeOf(metadata).toEqualTypeOf<Record<string, unknown> | undefined>();
  });
  // @ts-expect-error: a callback is a function
  op.onComplete("done");
}

export function wrapped(op: Cancellable): void {
  const load = op.wrap(async (path: string, limit?: number) => path.length + (limit ?? 0));
  expectTypeOf(load).parameters.toEqualTypeOf<[path: string, limit?: number | undefined]>();
  expectTypeOf(load).returns.resolves.toEqualTypeOf<number>();
  // @ts-expect-error: the path is missing
  void load();
}
