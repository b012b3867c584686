// @ts-check
// Functions and methods whose calls are operations. In TypeScript `@cancellable(options)` is also a decorator.
import {
  Cancellable,
  cancellable,
  currentOperation,
  sleep,
  withCancellable,
  withCurrentOperation,
} from "@hother/cancelable";

export async function main() {
  // 1. Functions with a timeout. Their operations have the names of the functions.
  const load = cancellable({ timeout: { seconds: 30 } }, async function load(/** @type {string} */ page) {
    await sleep(1);
    return `${currentOperation()?.name} has ${page}`;
  });
  const wait = cancellable({ timeout: 50 }, async function wait() {
    await sleep({ hours: 1 });
  });
  console.log(await load("page 1"));
  console.log(await wait().catch((error) => error.message));

  // 2. A method that receives its operation. Only one call with the same id may run at a time.
  class Account {
    sync = cancellable(
      { name: "Account.sync", inject: true, id: (user) => `sync of ${user}` },
      async (/** @type {string} */ user, /** @type {Cancellable} */ op) => {
        await op.sleep(5);
        return `${op.name} of ${user}`;
      },
    );
  }
  const account = new Account();
  for (const result of await Promise.allSettled([
    account.sync("ann"),
    account.sync("ann"),
    account.sync("bob"),
  ]))
    console.log(result.status === "fulfilled" ? result.value : result.reason.code);

  // 3. A helper that reports progress to the operation in which it is called.
  const note = withCurrentOperation(
    (/** @type {string} */ text, /** @type {Cancellable | undefined} */ op) => {
      op?.reportProgress(text);
      return op?.name ?? "no operation";
    },
  );
  console.log("outside:", note("outside"));

  // 4. Several functions in one operation, which waits for their calls.
  const session = new Cancellable({ name: "session" });
  const query = withCancellable(session, async (/** @type {string} */ sql) => {
    await sleep(1);
    return `${sql} for ${note(sql)}`;
  });
  /** @type {Promise<string> | undefined} */
  let last;
  await session.run(() => {
    last = query("select 1");
  });
  console.log(await last, "-", session.status);
  console.log(await query("select 2").catch((error) => error.code));
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// load has page 1
// operation "wait" timed out after 50 ms
// Account.sync of ann
// ERR_BUSY
// Account.sync of bob
// outside: no operation
// select 1 for session - completed
// ERR_ENDED
