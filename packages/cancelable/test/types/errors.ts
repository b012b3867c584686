// Types of the cancellations: the union, its narrowing, and the reasons.
import {
  type AnyCancellation,
  Cancellable,
  CancellationError,
  type CancellationReason,
  CancellationToken,
  cancellationOf,
  isCancellation,
  type ManualCancellation,
  type SignalCancellation,
  type TimeoutCancellation,
} from "@hother/cancelable";
import { expectTypeOf } from "vitest";

export function narrowing(error: unknown): void {
  if (isCancellation(error)) {
    expectTypeOf(error).toEqualTypeOf<AnyCancellation>();
    expectTypeOf(error.timeoutMs).toEqualTypeOf<number | undefined>();
    if (error._tag === "SignalCancellation") expectTypeOf(error).toEqualTypeOf<SignalCancellation>();
    switch (error.reason) {
      case "timeout":
        expectTypeOf(error.timeoutMs).toEqualTypeOf<number | undefined>();
        break;
      case "quota":
        expectTypeOf(error.reason).toExtend<string>();
    }
  }
  if (isCancellation(error, { reason: "timeout" })) expectTypeOf(error).toEqualTypeOf<TimeoutCancellation>();
  if (isCancellation(error, { reason: "quota" })) expectTypeOf(error.reason).toExtend<"quota">();
  expectTypeOf(cancellationOf(error)).toEqualTypeOf<AnyCancellation | undefined>();
}

export function ofObject(error: unknown, token: CancellationToken, op: Cancellable): void {
  // The error can wrap the cancellation, so its type stays.
  if (isCancellation(error, token)) expectTypeOf(error).toEqualTypeOf<unknown>();
  if (isCancellation(error, op)) expectTypeOf(error).toEqualTypeOf<unknown>();
  // @ts-expect-error: a reason is a text
  isCancellation(error, { reason: 5 });
}

export function reasons(): void {
  expectTypeOf<TimeoutCancellation["reason"]>().toEqualTypeOf<"timeout">();
  expectTypeOf<ManualCancellation["_tag"]>().toEqualTypeOf<"ManualCancellation">();
  const word: CancellationReason = "client-left";
  new CancellationToken().cancel(word, "text", { cause: new Error("x") });
  new Cancellable().cancel("timeout");
  expectTypeOf(CancellationError.from({ reason: "timeout", message: "x" })).toEqualTypeOf<AnyCancellation>();
  // @ts-expect-error: no such option
  new CancellationToken().cancel("manual", "text", { because: 1 });
}
