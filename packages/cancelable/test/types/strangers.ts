// Programs as they are written after reading the README and the first page of the guide, in strict TypeScript: the
// value in a `catch` clause is `unknown`.
import {
  Cancellable,
  CancellationError,
  CancelScope,
  cancellationOf,
  checkpoint,
  failAfter,
  isCancellation,
  moveOnAfter,
  sleep,
  TimeoutCancellation,
  taskGroup,
  UsageError,
  withTimeout,
} from "@hother/cancelable";
import { expectTypeOf } from "vitest";

async function getJson(url: string): Promise<unknown> {
  try {
    return await Cancellable.withTimeout({ seconds: 5 }, { name: "load" }).run(async (op) => {
      const response = await fetch(url, { signal: op.signal });
      return (await response.json()) as unknown;
    });
  } catch (e) {
    expectTypeOf(e).toEqualTypeOf<unknown>();
    // @ts-expect-error: `e` is unknown until it is narrowed
    console.log(e.reason);
    if (isCancellation(e, { reason: "timeout" })) {
      expectTypeOf(e).toEqualTypeOf<TimeoutCancellation>();
      console.log(e.timeoutMs, e.operation?.name, e.place);
      return undefined;
    }
    if (isCancellation(e)) {
      expectTypeOf(e.reason).toExtend<string>();
      if (e._tag === "SignalCancellation") expectTypeOf(e.signal).toEqualTypeOf<string | undefined>();
      return undefined;
    }
    if (e instanceof UsageError) console.log(e.code);
    const cancellation = cancellationOf(e);
    expectTypeOf(cancellation?.message).toEqualTypeOf<string | undefined>();
    throw e;
  }
}

async function outcomes(): Promise<string> {
  const outcome = await new Cancellable().settle(() => getJson("https://example.com"));
  switch (outcome.status) {
    case "completed":
      return String(outcome.value);
    case "cancelled":
      expectTypeOf(outcome.error).toExtend<CancellationError>();
      return outcome.error.reason;
    case "failed":
      expectTypeOf(outcome.error).toEqualTypeOf<unknown>();
      return outcome.error instanceof Error ? outcome.error.message : String(outcome.error);
  }
}

async function limits(): Promise<void> {
  const answer = await moveOnAfter(10, () => sleep({ minutes: 1 }).then(() => 42));
  expectTypeOf(answer).toEqualTypeOf<number | undefined>();
  const value = await failAfter(10, async () => "x");
  expectTypeOf(value).toEqualTypeOf<string>();
  const either = await withTimeout(10, new Promise<string>(() => {}));
  expectTypeOf(either).toEqualTypeOf<string>();
  const scope = new CancelScope({ timeout: 5 });
  try {
    await scope.run(() => checkpoint());
  } catch (e) {
    if (isCancellation(e, scope)) return;
    throw e;
  } finally {
    expectTypeOf(scope.error).toEqualTypeOf<CancellationError | undefined>();
  }
  const quick = await taskGroup(async (group) => {
    const task = group.startSoon(async () => "done");
    const text = await task;
    expectTypeOf(text).toEqualTypeOf<string>();
    try {
      await task;
    } catch (e) {
      if (!isCancellation(e)) throw e;
    }
    return text.length;
  });
  expectTypeOf(quick).toEqualTypeOf<number | undefined>();
}

void [getJson, outcomes, limits];
