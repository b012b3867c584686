// @ts-check
// The waits of p-retry end with their operation, and a wait that does not fit into the time left is not begun.
import { Cancellable, failAfter } from "@hother/cancelable";
import { AbortError, pRetry } from "@hother/cancelable-integrations/p-retry";

let calls = 0;
const busy = async () => {
  calls++;
  throw new Error("busy");
};

// 1. The third attempt succeeds.
const third = async (/** @type {number} */ attempt) => (attempt < 3 ? busy() : `attempt ${attempt}`);
console.log(await pRetry(third, { minTimeout: 1 }));

// 2. A cancellation ends the wait of an hour.
calls = 0;
const op = new Cancellable({ name: "report" });
const outcome = await op.settle(() =>
  pRetry(busy, {
    minTimeout: 3_600_000,
    onFailedAttempt: () => void queueMicrotask(() => op.cancel("quota")),
  }),
);
console.log(op.label, outcome.status, op.context.cancelReason, "- calls:", calls);

// 3. The wait of an hour does not fit into 10 s: the error of the attempt comes now.
await failAfter({ seconds: 10 }, () => pRetry(busy, { minTimeout: 3_600_000 })).catch((error) =>
  console.log("failed:", error.message),
);

// 4. An AbortError is not tried again.
calls = 0;
const never = async () => {
  calls++;
  throw new AbortError("it never works");
};
await pRetry(never).catch((error) => console.log("failed:", error.message, "- calls:", calls));

// prints:
// attempt 3
// operation "report" cancelled quota - calls: 1
// failed: busy
// failed: it never works - calls: 1
