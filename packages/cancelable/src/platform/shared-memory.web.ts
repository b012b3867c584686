import { UsageError } from "../usage-error.ts";

/** Creates memory that a page and its workers can share. Its bytes are 0. */
export function createSharedMemory(byteLength: number): SharedArrayBuffer {
  // `crossOriginIsolated` is the test: a page without isolation still has shared memory of WebAssembly, and cannot send it.
  if (typeof SharedArrayBuffer === "undefined" || globalThis.crossOriginIsolated === false) {
    throw new UsageError(
      "ERR_UNSUPPORTED_HOST",
      "Memory shared between threads",
      "the page is not cross-origin isolated; serve the page and the scripts of its workers with the headers " +
        '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"',
    );
  }
  return new SharedArrayBuffer(byteLength);
}
