// @ts-check
// Without another runtime, the native backend runs the code: promises, the timers of the host, and one tree of scopes.
import { setTimeout as delay } from "node:timers/promises";
import {
  Cancellable,
  currentSignal,
  detectBackend,
  getBackend,
  run,
  sleep,
  taskGroup,
} from "@hother/cancelable";

console.log("backend:", detectBackend().name);

// 1. The clock is that of the host. Blocking code lets time pass, and no timer fires meanwhile.
const backend = getBackend("native");
const begin = backend.now();
await sleep(20);
console.log("slept at least 20 ms:", backend.now() - begin >= 20);

// 2. Code that takes an AbortSignal is cancelled with the ambient scope: the scope in which it was called.
const op = new Cancellable({ name: "wait" });
const ending = op.settle(() => delay(3_600_000, undefined, { signal: currentSignal() }));
op.cancel("manual", "no time");
console.log(op.label, (await ending).status);

// 3. run() gives a program one root: it resolves when every task in it has ended.
let steps = 0;
await run(() =>
  taskGroup((group) => {
    for (let i = 0; i < 3; i++) group.startSoon(() => sleep(1).then(() => void steps++));
  }),
);
console.log("steps:", steps);

// prints:
// backend: native
// slept at least 20 ms: true
// operation "wait" cancelled
// steps: 3
