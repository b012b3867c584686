// @ts-check
// Observables and scopes: a scope ends an observable, an observable cancels async functions, and a loop reads one.
import { Cancellable, sleep } from "@hother/cancelable";
import { fromTask, takeUntilCancelled, toStream } from "@hother/cancelable-integrations/rxjs";
import { from, lastValueFrom, NEVER, Subject, switchMap } from "rxjs";

// 1. The operation ends an observable, with an error: not a completion.
const op = new Cancellable({ name: "ticks", timeout: 50 });
const outcome = await op.settle(() => lastValueFrom(NEVER.pipe(takeUntilCancelled())));
console.log(op.label, outcome.status, op.context.cancelReason);

// 2. switchMap cancels the search of before.
/** @param {string} text */
const search = async (text) => {
  try {
    await sleep(text === "cats" ? 1 : 3_600_000);
    return `results for ${text}`;
  } finally {
    if (text !== "cats") console.log("cancelled:", text);
  }
};
/** @type {Subject<string>} */
const texts = new Subject();
const found = lastValueFrom(texts.pipe(switchMap((text) => fromTask(() => search(text)))));
for (const text of ["c", "cat", "cats"]) texts.next(text);
texts.complete();
console.log(await found);

// 3. A loop. Leaving it unsubscribes.
for await (const value of toStream(from([1, 2, 3, 4]), { capacity: 100 })) {
  console.log("value:", value);
  if (value === 2) break;
}

// prints:
// operation "ticks" cancelled timeout
// cancelled: c
// cancelled: cat
// results for cats
// value: 1
// value: 2
