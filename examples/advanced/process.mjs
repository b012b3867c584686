// @ts-check
// Another program as one operation: its input and output, its failure, and its end with everything that it started.
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancellable } from "@hother/cancelable";
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

// 3. The shell starts another one, which ignores SIGTERM. After the grace, both get SIGKILL.
const folder = await mkdtemp(join(tmpdir(), "process-"));
const pipe = join(folder, "pipe");
await runProcess("mkfifo", [pipe]);
const stubborn = `trap "" TERM; exec 3> ${pipe}; echo it runs >&3; while :; do sleep 1; done`;

const op = new Cancellable({ name: "report" });
let how = "";
const ending = op.settle(async () => {
  try {
    await runProcess("sh", ["-c", `sh -c '${stubborn}' & wait`], { grace: 50 });
  } catch (error) {
    if (error instanceof ProcessCancellation) how = error.process.ending;
    throw error;
  }
});
for await (const chunk of createReadStream(pipe, "utf8")) {
  console.log("the grandchild:", chunk.trim());
  op.cancel("manual", "the user does not wait");
}
// The pipe ends when the last process that has it open has ended.
console.log("the grandchild has ended");
console.log(op.label, (await ending).status, how, "-", op.context.cancelMessage);
await rm(folder, { recursive: true });

// prints:
// sorted: 2,9,10
// sh failed with exit code 3: the disk is full
// the grandchild: it runs
// the grandchild has ended
// operation "report" cancelled terminated - the user does not wait
