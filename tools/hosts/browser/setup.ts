// Globals of Node that the tests use.

import { missing } from "./missing.ts";

const channel = new MessageChannel();
const turns: Array<(() => void) | undefined> = [];
channel.port1.onmessage = () => turns.shift()?.();

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
