/** The limits of the memory of a thread, as for `new Worker()` of Node. A missing limit is the default of the host. */
export interface ThreadLimits {
  /** The size of the main heap, in MB. */
  readonly maxOldGenerationSizeMb?: number | undefined;
  /** The size of the heap for new objects, in MB. */
  readonly maxYoungGenerationSizeMb?: number | undefined;
  /** The size of the memory for generated code, in MB. */
  readonly codeRangeSizeMb?: number | undefined;
  /** The size of the stack, in MB. */
  readonly stackSizeMb?: number | undefined;
}

/**
 * Runs calls in threads: the small contract between {@link runInThread} and a library with a pool of threads. A pool runs
 * one call at a time in each thread.
 */
export interface ThreadPool {
  /** The limits of each thread, for the error of a call that exceeds one. Default: none. */
  readonly resourceLimits?: ThreadLimits | undefined;
  /**
   * Calls the default export of the module {@link threadEntry} with `call` in a thread, as soon as one is free. Resolves
   * when the function has returned. Rejects when the thread has ended before.
   *
   * @param options.transfer The objects in `call` to transfer.
   * @param options.terminate When it is aborted, the thread of the call is terminated and replaced.
   */
  run(
    call: unknown,
    options: { readonly transfer: readonly unknown[]; readonly terminate: AbortSignal },
  ): Promise<unknown>;
  /** Ends the threads when the calls that run and that wait have ended. Later calls are refused. */
  close(): Promise<void>;
}

/** The module that threads of a pool load. */
export const threadEntry: URL = /* @__PURE__ */ entryBeside(import.meta.url);

function entryBeside(here: string | undefined): URL {
  try {
    // The tests run the source, which threads of Node 20 cannot load.
    /* v8 ignore next -- @preserve the source and the build */
    return new URL(here?.endsWith(".ts") ? "../../dist/node/thread-entry.js" : "./thread-entry.js", here);
    /* v8 ignore next 5 -- @preserve a test runs this in a thread of its own */
  } catch {
    // In a bundle of CommonJS, or with the address `data:`. The rest of the library works there.
    const text = "The bundle has no thread-entry.js: leave @hother/cancelable out of the bundle";
    return new URL(`data:text/javascript,throw new Error(${encodeURIComponent(JSON.stringify(text))})`);
  }
}
