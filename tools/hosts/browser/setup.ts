// Globals of Node that the tests use.
import { afterEach, vi } from "vitest";
import { missing } from "./missing.ts";

const channel = new MessageChannel();
const turns: Array<(() => void) | undefined> = [];
channel.port1.onmessage = () => turns.shift()?.();

// A test that is left out halfway does not put its fake timers back, and all files share the page.
afterEach(() => void vi.useRealTimers());

const ofProcess = ["on", "once", "off", "removeListener", "emit", "kill", "listenerCount", "listeners"];

Object.assign(globalThis, {
  /** A turn of the event loop. */
  setImmediate(fn: () => void): () => void {
    turns.push(fn);
    channel.port2.postMessage(0);
    return fn;
  },
  clearImmediate(fn: () => void): void {
    const place = turns.indexOf(fn);
    // Its message is under way and must find its place.
    if (place >= 0) turns[place] = undefined;
  },
  process: {
    env: {},
    ...Object.fromEntries(
      [...ofProcess, "getActiveResourcesInfo", "stdout"].map((name) => [name, missing(`process.${name}`)]),
    ),
  },
});
