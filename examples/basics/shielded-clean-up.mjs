// @ts-check
// Clean-up with an await: in a cancelled scope every await of the library throws again, except in a shield.
import { open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isCancellation, moveOnAfter, shield, sleep } from "@hother/cancelable";

export async function main() {
  const path = join(tmpdir(), `clean-up-${process.pid}.log`);

  /** Writes a journal, which must be closed with a last line even if the work is cancelled. */
  async function work() {
    const file = await open(path, "w");
    try {
      await file.write("begin\n");
      await sleep({ minutes: 5 });
    } finally {
      // Without a shield, this first await throws: the scope is still cancelled.
      await sleep(1).catch((error) => console.log("unshielded:", isCancellation(error)));

      await shield(
        async () => {
          await sleep(10); // for example a round trip to flush a remote buffer
          await file.write("end\n");
          await file.close();
          console.log("shielded: journal closed");
        },
        { timeout: { seconds: 10 } },
      );
    }
  }

  console.log("result:", await moveOnAfter(30, work));
  console.log("journal:", (await readFile(path, "utf8")).trim().split("\n").join(", "));
  await rm(path);

  // A shield has its own timeout, which stops clean-up that hangs.
  await moveOnAfter(10, async () => {
    try {
      await sleep({ minutes: 5 });
    } finally {
      await shield(() => sleep({ minutes: 5 }), { timeout: 20 }).catch((error) =>
        console.log("clean-up gave up:", error.name),
      );
    }
  });
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// unshielded: true
// shielded: journal closed
// result: undefined
// journal: begin, end
// clean-up gave up: TimeoutError
