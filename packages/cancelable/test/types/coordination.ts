// Types of tokens, errors, scopes and of the objects that tasks share.
import {
  CancellationError,
  CancellationToken,
  CancelScope,
  Condition,
  Deferred,
  isCancellation,
  type Lease,
  LinkedCancellationToken,
  Lock,
  Queue,
  RunVariable,
  Semaphore,
  TimeoutCancellation,
} from "@hother/cancelable";
import { expectTypeOf } from "vitest";

export function tokens(token: CancellationToken): void {
  expectTypeOf(token.error).toEqualTypeOf<CancellationError | undefined>();
  expectTypeOf(token.signal).toEqualTypeOf<AbortSignal>();
  expectTypeOf(token.onCancel(() => {})).toExtend<Disposable>();
  expectTypeOf(CancellationToken.from(token.signal)).toExtend<CancellationToken & Disposable>();
  new LinkedCancellationToken().link(token, { preserveReason: true });
  // @ts-expect-error: the state changes through cancel() only
  token.isCancelled = true;
  // @ts-expect-error: an AbortSignal is no token
  new LinkedCancellationToken().link(token.signal);
}

export function errors(error: unknown, scope: CancelScope): void {
  expectTypeOf(isCancellation(error)).toEqualTypeOf<boolean>();
  expectTypeOf(isCancellation(error, scope)).toEqualTypeOf<boolean>();
  if (error instanceof TimeoutCancellation) {
    expectTypeOf(error.timeoutMs).toEqualTypeOf<number | undefined>();
    expectTypeOf(error).toExtend<CancellationError>();
  }
  new CancellationError("shutdown", "message", { cause: error });
  new CancellationError("quota-exceeded");
  // @ts-expect-error: a reason is a text
  new CancellationError(5);
}

export async function scopes(): Promise<void> {
  const scope = new CancelScope({ timeout: { seconds: 5 }, shield: true });
  expectTypeOf(await scope.run(async (self) => self.deadline)).toEqualTypeOf<number | undefined>();
  // @ts-expect-error: a deadline is a number on the backend's clock
  scope.deadline = new Date();
  // @ts-expect-error: only the scope knows that it absorbed its cancellation
  scope.cancelledCaught = true;
}

export async function sharedObjects(): Promise<void> {
  const queue = new Queue<string>(1);
  expectTypeOf(await queue.get()).toEqualTypeOf<string>();
  for await (const item of queue) expectTypeOf(item).toEqualTypeOf<string>();
  // @ts-expect-error: the items are strings
  await queue.put(5);
  const answer = new Deferred<number>();
  answer.resolve(1);
  expectTypeOf(await answer.wait()).toEqualTypeOf<number>();
  // @ts-expect-error: the value is a number
  answer.resolve("1");
  expectTypeOf(await new Lock().acquire()).toExtend<Lease>();
  expectTypeOf(await new Lock().run(() => 1)).toEqualTypeOf<number>();
  expectTypeOf(await new Semaphore(1).run(async () => "text")).toEqualTypeOf<string>();
  expectTypeOf(await new Condition().waitUntil(() => "found")).toExtend<string>();
  const user = new RunVariable<string>("user");
  expectTypeOf(user.get()).toExtend<string | undefined>();
  // @ts-expect-error: the value is a string
  user.set(5);
}
