// @ts-check
// A command-line program that stops cleanly on Ctrl-C: it finishes what it must, and then ends.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancellable, sleep } from "@hother/cancelable";

const folder = await mkdtemp(join(tmpdir(), "ctrl-c-"));

// SIGINT and SIGTERM cancel it. A second Ctrl-C does what it would without the library: it kills.
const operation = Cancellable.withSignal("SIGINT", "SIGTERM");

const outcome = await operation.settle(async (op) => {
  try {
    for (let page = 1; page <= 1_000; page++) {
      await writeFile(join(folder, `page-${page}`), "…", { signal: op.signal });
      if (page === 3) {
        console.log("three pages written, now somebody presses Ctrl-C");
        process.kill(process.pid, "SIGINT");
      }
      await sleep(50);
    }
  } finally {
    // The operation is cancelled here: clean-up that awaits needs a shield, and a bound.
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
// three pages written, now somebody presses Ctrl-C
// to remove: 3
// signal: Operation cancelled by signal SIGINT
// handlers left: 0
