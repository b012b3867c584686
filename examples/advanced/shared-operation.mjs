// @ts-check
// Functions of one pipeline share one operation: its limit, its progress and its end, without a parameter.
import { Cancellable, currentOperation, sleep, withCancellable } from "@hother/cancelable";

/** A helper finds the operation in which it is called. @param {string} text */
function report(text) {
  const op = currentOperation();
  op?.reportProgress(text);
}

/** The stages of a pipeline, which all belong to `op`. @param {Cancellable} op */
function stagesOf(op) {
  const extract = withCancellable(op, async (/** @type {string} */ source) => {
    report(`extract from ${source}`);
    await sleep(1);
    return [3, 1, 2];
  });
  const transform = withCancellable(op, async (/** @type {readonly number[]} */ rows) => {
    report(`transform ${rows.length} rows`);
    await sleep(1);
    return [...rows].sort();
  });
  const load = withCancellable(op, async (/** @type {readonly number[]} */ rows) => {
    report(`load ${rows.join()}`);
    await sleep(1);
    return rows.length;
  });
  return { extract, transform, load };
}

export async function main() {
  // 1. All stages run in one operation.
  const pipeline = new Cancellable({ name: "pipeline" }).onProgress((text) => console.log(text));
  const { extract, transform, load } = stagesOf(pipeline);
  const loaded = await pipeline.run(async () => load(await transform(await extract("orders"))));
  console.log(pipeline.label, pipeline.status, "-", loaded, "rows");

  // 2. Cancelling the operation ends the stage that runs, and no other stage starts.
  const second = new Cancellable({ name: "second" }).onProgress((text) => {
    console.log(text);
    if (text === "transform 3 rows") second.cancel("manual", "wrong source");
  });
  const stages = stagesOf(second);
  const outcome = await second.settle(async () =>
    stages.load(await stages.transform(await stages.extract("orders"))),
  );
  console.log(second.label, outcome.status, "-", second.context.cancelMessage);

  // 3. Outside of every operation the helper does nothing.
  report("without a listener");
  console.log("outside:", currentOperation() === undefined);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// extract from orders
// transform 3 rows
// load 1,2,3
// operation "pipeline" completed - 3 rows
// extract from orders
// transform 3 rows
// operation "second" cancelled - wrong source
// outside: true
