import { afterEach, beforeEach } from "vitest";
import { ambient, lostReason } from "./ambient.browser.ts";
import { missing } from "./missing.ts";

const channel = new MessageChannel();
const turns: Array<() => void> = [];
channel.port1.onmessage = () => turns.shift()?.();

// The tests wait for turns of the event loop with setImmediate, which browsers do not have.
Object.assign(globalThis, {
  setImmediate(fn: () => void): void {
    turns.push(fn);
    channel.port2.postMessage(0);
  },
});
const g = globalThis as any;
g.process ??= {};
for (const name of ["on", "once", "off", "emit", "kill", "removeListener", "listenerCount", "listeners", "getActiveResourcesInfo"]) g.process[name] ??= missing(`process.${name}()`);

beforeEach(() => {
  ambient.entered = ambient.lost = false;
});
afterEach(({ task, skip }) => {
  skip(task.result?.state === "fail" && ambient.lost, lostReason);
});
