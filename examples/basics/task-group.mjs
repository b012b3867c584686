// @ts-check
// A task group owns its children. It ends when all children have ended, and the first failure cancels the others.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { sleep, sleepForever, taskGroup } from "@hother/cancelable";

export async function main() {
  /** @param {string} file */
  async function digest(file) {
    const bytes = await readFile(new URL(file, import.meta.url));
    return createHash("sha256").update(bytes).digest("hex");
  }

  // 1. Children run concurrently. Awaiting a task gives its value.
  const same = await taskGroup(async (group) => {
    const one = group.startSoon(digest, "timeout.mjs");
    const two = group.startSoon(digest, "token.mjs");
    return (await one) === (await two);
  });
  console.log("same content:", same);

  // 2. The first failure cancels the other children. The group rejects with it when they have ended.
  try {
    await taskGroup(async (group) => {
      group.startSoon(digest, "no-such-file.mjs");
      group.startSoon(async () => {
        try {
          await sleepForever();
        } finally {
          console.log("the other child has ended too");
        }
      });
    });
  } catch (error) {
    console.log("failed:", /** @type {NodeJS.ErrnoException} */ (error).code);
  }

  // 3. start() waits until the child calls started(), so that the code after it runs when the child is ready.
  await taskGroup(async (group) => {
    const port = await group.start(async (started) => {
      await sleep(5);
      started(8080);
      await sleepForever();
    });
    console.log("ready on", port, "with", group.tasks.length, "child");
    group.cancel();
  });
  console.log("the group has ended");
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// same content: false
// the other child has ended too
// failed: ENOENT
// ready on 8080 with 1 child
// the group has ended
