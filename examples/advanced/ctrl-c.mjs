// @ts-check
// A command-line program that cleans up on Ctrl-C and then ends.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "@hother/cancelable";
import { main } from "@hother/cancelable/process";

// SIGINT and SIGTERM cancel the operation. A second Ctrl-C kills the process, as it does without the library.
await main(async (op) => {
  const folder = await mkdtemp(join(tmpdir(), "ctrl-c-"));
  try {
    for (let page = 1; page <= 1_000; page++) {
      await writeFile(join(folder, `page-${page}`), "…", { signal: op.signal });
      if (page === 3) {
        console.log("three pages written, now the user presses Ctrl-C");
        process.kill(process.pid, "SIGINT");
      }
      await sleep(page < 3 ? 1 : { hours: 1 });
    }
  } finally {
    // The operation is cancelled here. Clean-up with an await needs a shield, and the shield needs a timeout.
    await op.shield(
      async () => {
        console.log("to remove:", (await readdir(folder)).length);
        await rm(folder, { recursive: true });
      },
      { timeout: { seconds: 5 } },
    );
  }
});

console.log("handlers left:", process.listenerCount("SIGINT"));

// prints:
// three pages written, now the user presses Ctrl-C
// to remove: 3
// handlers left: 0
// on stderr, with exit code 130:
// Cancelled by SIGINT. Ends at once after 10 s, or with a second signal.
