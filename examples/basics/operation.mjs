// @ts-check
// An operation has a name, reports its progress, and ends with an outcome.
import { Cancellable, sleep } from "@hother/cancelable";

export async function main() {
  const backup = new Cancellable({ name: "backup" })
    .onStart((context) => console.log("start:", context.name))
    .onProgress((progress) => console.log("progress:", progress));

  // run() resolves with the value of the body, and rejects with its error.
  const files = await backup.run(async (op) => {
    op.reportProgress("connecting");
    for (let file = 1; file <= 3; file++) {
      await sleep(1); // a checkpoint: here the operation can be cancelled
      op.reportProgress(`file ${file} of 3`);
    }
    return 3;
  });
  console.log(backup.label, backup.status, "-", files, "files");

  // settle() never rejects. Its outcome has a status, with the value or the error.
  const broken = new Cancellable({ name: "restore" });
  const outcome = await broken.settle(async () => {
    throw new Error("the disk is full");
  });
  console.log(broken.label, outcome.status, "-", outcome.status === "failed" && String(outcome.error));

  // Every part of a program can cancel an operation. The body ends at its next checkpoint.
  const report = new Cancellable({ name: "report" });
  const ending = report.settle(() => sleep({ hours: 1 }));
  report.cancel("quota", "enough for today");
  console.log(report.label, (await ending).status, "-", report.context.cancelMessage);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// start: backup
// progress: connecting
// progress: file 1 of 3
// progress: file 2 of 3
// progress: file 3 of 3
// operation "backup" completed - 3 files
// operation "restore" failed - Error: the disk is full
// operation "report" cancelled - enough for today
