// @ts-check
// Another program as one operation. It is ended with everything that it started.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "@hother/cancelable";
import { ProcessCancellation, ProcessFailedError, runProcess } from "@hother/cancelable/process";

// 1. Text in, text out.
const { stdout } = await runProcess("sort", ["-n"], { input: "10\n9\n2\n" });
console.log("sorted:", stdout.trim().split("\n").join());

// 2. A failure has the exit code and both outputs.
try {
  await runProcess("sh", ["-c", "echo the disk is full >&2; exit 3"]);
} catch (error) {
  if (!(error instanceof ProcessFailedError)) throw error;
  console.log(error.message);
}

// 3. A limit of the time. The shell starts another one, which ignores SIGTERM and writes until it is killed.
const folder = await mkdtemp(join(tmpdir(), "process-"));
const log = join(folder, "log");
const grandchild = `trap "" TERM; while :; do echo tick >> "$LOG"; sleep 0.02; done`;
const child = `sh -c '${grandchild}' & echo the shell waits; wait`;
try {
  await runProcess("sh", ["-c", child], {
    env: { ...process.env, LOG: log },
    timeout: { seconds: 1 },
    grace: 100, // from SIGTERM to SIGKILL
  });
} catch (error) {
  if (!(error instanceof ProcessCancellation)) throw error;
  console.log(error.reason, error.process.ending, "-", error.process.stdout.trim());
}

const ticks = await readFile(log, "utf8");
await sleep(100);
console.log("the grandchild wrote:", ticks.length > 0);
console.log("it still writes:", (await readFile(log, "utf8")) !== ticks);
await rm(folder, { recursive: true });

// prints:
// sorted: 2,9,10
// sh failed with exit code 3: the disk is full
// timeout terminated - the shell waits
// the grandchild wrote: true
// it still writes: false
