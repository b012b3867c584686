// @ts-check
// A call that fails is tried again: with a wait that grows, a limit for each attempt, and one for all of them.
import { Cancellable, retry, sleep } from "@hother/cancelable";

class Busy extends Error {}

/** A service that fails a number of times and then answers. @param {number} failures */
function service(failures) {
  let calls = 0;
  return async () => {
    calls++;
    await sleep(1);
    if (calls <= failures) throw new Busy(`attempt ${calls} found it busy`);
    return `answer ${calls}`;
  };
}
/** @param {unknown} error */
const print = (error) => console.log(error instanceof Error ? error.message : error);

export async function main() {
  // 1. Two failures, and then the answer.
  const backoff = /** @type {const} */ ({ initial: 5, factor: 2, max: 40, jitter: "none" });
  console.log(await retry(service(2), { attempts: 5, backoff, onRetry: print }));

  // 2. The last failure is the error of all.
  await retry(service(9), { attempts: 2, backoff }).catch(print);

  // 3. Only errors that can pass are tried again.
  let tries = 0;
  const forbidden = async () => {
    tries++;
    throw new Error("forbidden");
  };
  await retry(forbidden, { attempts: 5, backoff, when: (error) => error instanceof Busy }).catch(print);
  console.log("tries:", tries);

  // 4. An attempt that hangs is cancelled by its own limit, and the next one begins.
  let hangs = 0;
  const hanging = async () => {
    await sleep(++hangs === 1 ? { hours: 1 } : 1);
    return "second attempt";
  };
  console.log(await retry(hanging, { attempts: 3, attemptTimeout: 50, backoff }));

  // 5. A cancellation ends the wait between two attempts, and is not tried again.
  const op = new Cancellable({ name: "load" });
  const outcome = await op.settle(() =>
    retry(service(9), {
      attempts: 9,
      backoff: { initial: { hours: 1 }, jitter: "none" },
      onRetry: (error) => {
        print(error);
        op.cancel("manual", "the user does not wait");
      },
    }),
  );
  console.log(op.label, outcome.status, "-", op.context.cancelMessage);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// attempt 1 found it busy
// attempt 2 found it busy
// answer 3
// attempt 2 found it busy
// forbidden
// tries: 1
// second attempt
// attempt 1 found it busy
// operation "load" cancelled - the user does not wait
