// @ts-check
// The heavy stage, which runs in threads: the hash of each record, computed many times.
import { createHash } from "node:crypto";
import { currentOperation } from "@hother/cancelable";

/** @param {readonly string[]} records */
export function digest(records) {
  const op = currentOperation();
  return records.map((record) => {
    op?.check(); // a loop that never yields sees the cancellation here
    let hash = record;
    for (let round = 0; round < 20; round++) hash = createHash("sha256").update(hash).digest("hex");
    return `${record},${hash.slice(0, 12)}`;
  });
}
