// @ts-check
// A command-line program that cleans up on Ctrl-C and then ends.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancellable, sleep } from "@hother/cancelable";

const folder = await mkdtemp(join(tmpdir(), "ctrl-c-"));

// SIGINT and SIGTERM cancel the operation. A second Ctrl-C kills the process, as it does without the library.
const operation = Cancellable.withSignal("SIGINT", "SIGTERM");

const outcome = await operation.settle(async (op) => {
  try {
    for (let page = 1; page <= 1_000; page++) {
      await writeFile(join(folder, `page-${page}`), "…", { signal: op.signal });
      if (page === 3) {
        console.log("three pages written, now the user presses Ctrl-C");
        process.kill(process.pid, "SIGINT");
      }
      await sleep(50);
    }
  } finally {
    // The operation is cancelled here. Clean-up with an await needs a shield, and the shield needs a timeout.
    await op.shield(
      async () => {
        console.log("to remove:", (await readdir(folder)).length);
        await rm(folder, { recursive: true });
      },
      { timeout: { seconds: 1 } },
    );
  }
});

if (outcome.status === "cancelled") {
  console.log(`${outcome.error.reason}: ${outcome.error.message}`);
  // A real program would now set the exit code that shells expect: process.exitCode = 130.
}
console.log("handlers left:", process.listenerCount("SIGINT"));

// prints:
// three pages written, now the user presses Ctrl-C
// to remove: 3
// signal: Operation cancelled by signal SIGINT
// handlers left: 0
