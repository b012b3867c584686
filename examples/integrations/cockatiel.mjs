// @ts-check
// The policies of cockatiel run each call in the operation of its caller: its cancellation ends their waits.
import { Cancellable, failAfter } from "@hother/cancelable";
import { cancellablePolicy } from "@hother/cancelable-integrations/cockatiel";
import { ConsecutiveBreaker, ConstantBackoff, circuitBreaker, handleAll, retry, wrap } from "cockatiel";

let calls = 0;
const busy = async () => {
  calls++;
  throw new Error("busy");
};
const hourly = retry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(3_600_000) });
const policy = cancellablePolicy(hourly);

// 1. A cancellation ends the wait of an hour.
const op = new Cancellable({ name: "report" });
const waiting = policy.onRetry(() => queueMicrotask(() => op.cancel("quota")));
const outcome = await op.settle(() => policy.execute(busy));
waiting.dispose();
console.log(op.label, outcome.status, op.context.cancelReason, "- calls:", calls);

// 2. The wait of an hour does not fit into 10 s: the error of the attempt comes now.
await failAfter({ seconds: 10 }, () => policy.execute(busy)).catch((error) =>
  console.log("failed:", error.message),
);

// 3. A cancellation does not open a circuit breaker.
const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(1) });
const guarded = cancellablePolicy(wrap(breaker));
const stopped = new Cancellable({ name: "stopped" });
await stopped.settle(() =>
  guarded.execute(async () => {
    stopped.cancel("manual");
    stopped.check();
  }),
);
console.log("after a cancellation:", await guarded.execute(async () => "closed"));
await guarded.execute(busy).catch(() => undefined);
console.log("after a failure:", await guarded.execute(async () => "closed").catch((error) => error.message));

// prints:
// operation "report" cancelled quota - calls: 1
// failed: busy
// after a cancellation: closed
// after a failure: Execution prevented because the circuit breaker is open
