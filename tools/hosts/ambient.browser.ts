// The ambient store of browsers, which also notices that a test looks for a scope that was lost by an `await`.
import { TestRunner } from "vitest";
import * as web from "../../packages/cancelable/src/platform/ambient.web.ts";

export { captureContext, followsAwait, runOutside, startWith } from "../../packages/cancelable/src/platform/ambient.web.ts";

export const ambient: { entered: boolean; lost: boolean } = { entered: false, lost: false };
export const lostReason = "it needs the ambient operation after an await";

export function getStore(): object | undefined {
  const store = web.getStore();
  if (store === undefined && ambient.entered) {
    ambient.lost = true;
    const test = TestRunner.getCurrentTest();
    // The backend is lost too: what follows would run on the native one.
    test?.context.skip(test.meta.backend === "virtual", lostReason);
  }
  return store;
}

export const runWith: typeof web.runWith = (store, fn, argument) => {
  ambient.entered = true;
  return web.runWith(store, fn, argument);
};
