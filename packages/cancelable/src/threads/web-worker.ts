/* The module that the Web Workers of a pool load. */

import runCall from "./thread-entry.ts";

/* v8 ignore next -- @preserve only in browsers */
addEventListener("message", ({ data }: MessageEvent) => {
  void runCall(data).finally(() => postMessage("done"));
});
