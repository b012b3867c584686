// @ts-check
// One token cancels several operations, and each of them records the reason.
import { setTimeout as nodeSleep } from "node:timers/promises";
import { Cancellable, CancellationToken, isCancellation, sleep } from "@hother/cancelable";

export async function main() {
  const token = new CancellationToken();

  // cancel() calls the callback synchronously. Disposing the subscription removes the callback.
  const subscription = token.onCancel(({ reason, message }) => console.log(`told: ${reason}, ${message}`));

  /** @param {string} name */
  async function poll(name) {
    const operation = Cancellable.withToken(token, { name });
    let rounds = 0;
    const outcome = await operation.settle(async () => {
      for (;;) {
        await sleep(10);
        rounds++;
      }
    });
    return `${name} ${outcome.status} (${operation.context.cancelReason}), ${rounds > 0 ? "had worked" : "had not"}`;
  }

  // Code that takes an AbortSignal gets the signal of the token.
  const foreign = nodeSleep(60_000, undefined, { signal: token.signal }).catch((error) => error.name);

  const work = Promise.all([poll("orders"), poll("stock")]);
  await sleep(60);
  console.log("first cancel:", token.cancel("shutdown", "a new version is deployed"));
  console.log("second cancel:", token.cancel("manual", "too late"));
  subscription[Symbol.dispose]();

  for (const line of await work) console.log(line);
  console.log("node's own timer:", await foreign);

  // check() throws synchronously. All code sees the same error.
  try {
    token.check();
  } catch (error) {
    console.log("check:", isCancellation(error, token), error === token.error);
  }
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// told: shutdown, a new version is deployed
// first cancel: true
// second cancel: false
// orders cancelled (shutdown), had worked
// stock cancelled (shutdown), had worked
// node's own timer: AbortError
// check: true true
