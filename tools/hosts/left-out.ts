/** A test, or a file of tests, that cannot run on a host. */
interface LeftOut {
  readonly hosts: readonly Host[];
  /** The name of the test file without its folder. */
  readonly file: string;
  /** Part of the titles of the tests. Default: all tests of the file. */
  readonly title?: string;
  readonly reason: string;
}

/** Where tests run. The files that are published are a place of their own, on any of the hosts: see built-files.ts. */
export type Host = "Node" | "Bun" | "Deno" | "browser" | "built files";

/** Whether the tests run over the files that are published. */
export const overBuiltFiles: boolean = typeof process === "object" && process.env?.["BUILT_FILES"] === "1";

const resetFirst = "Deno's node:http2 fails the reader of the body before it closes the response";
const cleanResets = "node:http2 of Bun delivers the reset of a stream as a clean end";
const bodyFirst =
  "Deno's node:http fails the reader of the body before it closes the response, so the handler fails first";
const noCopies = "vi.resetModules() and vi.doMock() do not load a module twice in a browser";
const loadedByNode =
  "Node loads a built file once: vi.resetModules() and vi.doMock() do not reach its loader";
const notPublished = "the test imports a module that is not published, or replaces it";
const noCollector = "JavaScriptCore's garbage collector is conservative: single dead objects stay";
const nodeTest = "node:test runs only in the host's own test command, not in a program";
const minutes = "100,000 operations take a browser minutes; the other hosts have them";
const turnOrder = "the test posts a message; browsers do not order the messages of two channels";
const ownUndici = "Bun replaces undici by a module of its own, which has no dispatchers";
const pausedSocket =
  "a socket of Deno that is paused and read with read() stops after a few kB, so pg-copy-streams gets no more";
const ownFetch = "fetch of Deno is not made of undici";

/*
 * Further tests are left out without an entry: setup.ts finds that a test needs the ambient scope after an `await`, or
 * something that the library refuses on the host; browser/missing.ts finds that a test uses a module of Node.
 */
export const leftOut: readonly LeftOut[] = [
  {
    hosts: ["Bun"],
    file: "koa/server.test.ts",
    title: "HTTP/2 > timeout during an answer",
    reason: cleanResets,
  },
  {
    hosts: ["Bun"],
    file: "koa/server.test.ts",
    title: "HTTP/2 > shutdown during an answer",
    reason: cleanResets,
  },
  {
    hosts: ["Bun"],
    file: "koa/server.test.ts",
    title: "resets its stream in the middle",
    reason: cleanResets,
  },
  {
    hosts: ["Deno"],
    file: "koa/server.test.ts",
    title: "resets its stream in the middle",
    reason: resetFirst,
  },
  { hosts: ["Deno"], file: "koa/volume.test.ts", title: "over HTTP/2", reason: resetFirst },
  {
    hosts: ["Bun"],
    file: "fastify/server.test.ts",
    title: "pipelined requests",
    reason:
      "Bun's node:http gives only the first of pipelined requests to the handler until that one is answered",
  },
  {
    hosts: ["Bun"],
    file: "fastify/server.test.ts",
    title: "Fastify with http2 > timeout during an answer",
    reason: cleanResets,
  },
  {
    hosts: ["Bun"],
    file: "fastify/server.test.ts",
    title: "Fastify with http2 > shutdown during an answer",
    reason: cleanResets,
  },
  {
    hosts: ["Deno"],
    file: "fastify/server.test.ts",
    title: "resets its stream in the middle of the body",
    reason: bodyFirst,
  },
  { hosts: ["Deno"], file: "fastify/volume.test.ts", reason: bodyFirst },
  { hosts: ["Deno"], file: "fastify/hooks.test.ts", title: "onRequestAbort", reason: bodyFirst },
  {
    hosts: ["Bun"],
    file: "fastify/server.test.ts",
    title: "resets its stream in the middle of the body",
    reason: cleanResets,
  },
  {
    hosts: ["Bun"],
    file: "fastify/hijack.test.ts",
    title: "a time limit sends no answer",
    reason: "Bun sends the head of an empty answer when a response is destroyed before its head",
  },
  { hosts: ["Deno"], file: "koa/volume.test.ts", reason: bodyFirst },
  {
    hosts: ["Deno"],
    file: "hono/volume.test.ts",
    reason: "Deno.serve does not tell that a client has left after the handler has read the body as a stream",
  },
  { hosts: ["Deno"], file: "node-http/volume.test.ts", reason: bodyFirst },
  {
    hosts: ["Bun"],
    file: "errors.test.ts",
    title: "errors of deadlines and parents have no stack frames",
    reason: "JavaScriptCore leaves `stack` undefined where Error.stackTraceLimit is 0",
  },
  {
    hosts: ["Bun"],
    file: "keep-places.test.ts",
    title: "in the notation of other engines",
    reason: "JavaScriptCore does not call a replaced Error.prepareStackTrace",
  },
  {
    hosts: ["Bun"],
    file: "volume.test.ts",
    title: "HTTP/2",
    reason: "Bun's node:http2 tells the reset of a stream late: an answer can be complete before",
  },
  {
    hosts: ["Bun"],
    file: "volume.test.ts",
    title: "http2",
    reason: "Bun's node:http2 tells the reset of a stream late: an answer can be complete before",
  },
  {
    hosts: ["Bun"],
    file: "shutdown.test.ts",
    title: "SHD-02",
    reason: "Bun's node:http does not tell the response of a connection, and ignores its `shouldKeepAlive`",
  },
  {
    hosts: ["Bun"],
    file: "shutdown.test.ts",
    title: "SHD-06",
    reason:
      "Bun's node:http does not tell its connections, so connections that sent nothing live until the drain is over",
  },
  {
    hosts: ["Bun"],
    file: "shutdown/sockets.test.ts",
    title: "sockets that no code closes",
    reason:
      "Bun's node:http does not tell its connections, so upgraded sockets outlive the shutdown, which reports it",
  },
  {
    hosts: ["Bun"],
    file: "shutdown/tls.test.ts",
    title: "node:https",
    reason: "Bun's node:https does not tell its connections, as its node:http",
  },
  {
    hosts: ["Deno"],
    file: "shutdown/tls.test.ts",
    title: "SHD-06",
    reason: "Deno's node:https does not tell a connection whose handshake is not over",
  },
  { hosts: ["Bun"], file: "leaks.test.ts", title: "are garbage-collected", reason: noCollector },
  { hosts: ["Bun"], file: "leaks.test.ts", title: "PAR-CAN-50", reason: noCollector },
  {
    hosts: ["Bun"],
    file: "leaks.test.ts",
    title: "a handle is found",
    reason: "Bun does not tell what keeps a process alive",
  },
  {
    hosts: ["Bun"],
    file: "leaks.test.ts",
    title: "timers and handles have some turns",
    reason: "Bun does not tell what keeps a process alive",
  },
  {
    hosts: ["Bun", "Deno", "browser"],
    file: "leaks.test.ts",
    title: "a timer of the host is found",
    reason: "the host does not tell who made a timer",
  },
  {
    hosts: ["Bun"],
    file: "keep-places.test.ts",
    title: "is undefined where the stack is not text",
    reason: "a stack in JavaScriptCore is always text",
  },
  {
    hosts: ["Bun"],
    file: "wait-for.test.ts",
    title: "names the async function that waited",
    reason: "JavaScriptCore's stacks end at an await",
  },
  { hosts: ["Bun"], file: "leaks.test.ts", title: "a response that no code holds", reason: noCollector },
  {
    hosts: ["Deno"],
    file: "streams.test.ts",
    title: "keeps a U+FEFF",
    reason: "TextDecoder of Deno drops a U+FEFF at the beginning of each piece of a stream",
  },
  {
    hosts: ["Deno"],
    file: "bridge.test.ts",
    title: "a thread that is terminated holds up no stop",
    reason: "Deno lets the loop of a terminated thread run on, and does not tell",
  },
  {
    hosts: ["Bun"],
    file: "run-in-thread.test.ts",
    title: "console lines",
    reason: "Bun drops lines of a thread that exits soon afterwards",
  },
  {
    hosts: ["Bun"],
    file: "queue-ends.test.ts",
    title: "CONF-N22",
    reason: "the test starts the garbage collector by a flag of V8",
  },
  {
    hosts: ["Bun"],
    file: "condition-and-lock.test.ts",
    title: "keeps no condition that has no waiters",
    reason: "the test starts the garbage collector by a flag of V8",
  },
  {
    hosts: ["Bun"],
    file: "map-stream.test.ts",
    title: "leave nothing on the heap",
    reason: "the test starts the garbage collector by a flag of V8",
  },
  {
    hosts: ["Deno"],
    file: "fake-timers.test.ts",
    title: "s mock timers",
    reason:
      "the mock timers of node:test on Deno have no name to know them by: they count as an unknown fake",
  },
  {
    hosts: ["Deno"],
    file: "signals-first.test.ts",
    title: "a listener that stops the propagation",
    reason: "events.addAbortListener of Deno adds an ordinary listener",
  },
  { hosts: ["Bun", "Deno"], file: "virtual-test.test.ts", title: "with node:test", reason: nodeTest },
  {
    hosts: ["Bun"],
    file: "interrupted.test.ts",
    title: "an uncaught error",
    reason: "an uncaught error does not end Bun while a module waits at its top level",
  },
  {
    hosts: ["Deno"],
    file: "interrupted.test.ts",
    title: "an uncaught error",
    reason: "Deno emits no exit event after an uncaught error",
  },
  {
    hosts: ["Deno"],
    file: "interrupted.test.ts",
    title: "the listener of another package",
    reason: "on Deno signal-exit does not see a signal after an earlier listener has removed itself",
  },
  {
    hosts: ["Bun"],
    file: "node-http/server.test.ts",
    title: "three pipelined requests",
    reason: "Bun gives the handler the next request of a connection only after the answer to the one before",
  },
  {
    hosts: ["Bun"],
    file: "edges.test.ts",
    title: "takes the waiting requests of the connection with it",
    reason: "Bun gives the handler the next request of a connection only after the answer to the one before",
  },
  {
    hosts: ["Bun"],
    file: "node-http/server.test.ts",
    title: "node:http2 > timeout during an answer",
    reason: "node:http2 on Bun ends a stream that the server resets, as if it were complete",
  },
  {
    hosts: ["Bun"],
    file: "node-http/server.test.ts",
    title: "node:http2 > shutdown during an answer",
    reason: "node:http2 on Bun ends a stream that the server resets, as if it were complete",
  },
  {
    hosts: ["Bun", "Deno"],
    file: "node-http/server.test.ts",
    title: "resets its stream in the middle of the body",
    reason: "node:http2 of Bun and Deno does not tell a reader that the stream was reset",
  },
  {
    hosts: ["browser"],
    file: "unsupported-version.test.ts",
    title: "is refused on import",
    reason: noCopies,
  },
  { hosts: ["browser"], file: "unsupported-version.test.ts", title: "names everything", reason: noCopies },
  { hosts: ["browser"], file: "is-cancellation.test.ts", title: "another copy", reason: noCopies },
  { hosts: ["browser"], file: "copies.test.ts", reason: noCopies },
  { hosts: ["browser"], file: "lost-scope.test.ts", reason: noCopies },
  { hosts: ["browser"], file: "stranger.test.ts", reason: noCopies },
  {
    hosts: ["built files"],
    file: "unsupported-version.test.ts",
    title: "is refused on import",
    reason: loadedByNode,
  },
  {
    hosts: ["built files"],
    file: "unsupported-version.test.ts",
    title: "names everything",
    reason: loadedByNode,
  },
  { hosts: ["built files"], file: "is-cancellation.test.ts", title: "another copy", reason: loadedByNode },
  { hosts: ["built files"], file: "copies.test.ts", reason: loadedByNode },
  { hosts: ["built files"], file: "operation/stranger.test.ts", reason: loadedByNode },
  {
    hosts: ["built files"],
    file: "threads/thread-entry.test.ts",
    title: "the error for a missing package names it",
    reason: loadedByNode,
  },
  {
    hosts: ["built files"],
    file: "shutdown/sockets.test.ts",
    title: "because it was loaded later",
    reason: loadedByNode,
  },
  { hosts: ["built files"], file: "scope/lost-scope.test.ts", reason: notPublished },
  { hosts: ["built files"], file: "logging/host.test.ts", reason: notPublished },
  { hosts: ["built files"], file: "platform/process-group.test.ts", reason: notPublished },
  { hosts: ["built files"], file: "platform/shared-memory.test.ts", reason: notPublished },
  { hosts: ["browser"], file: "checkpoint.test.ts", title: "takes a turn", reason: turnOrder },
  { hosts: ["browser"], file: "checkpoint.test.ts", title: "always take a turn", reason: turnOrder },
  { hosts: ["browser"], file: "spans.test.ts", title: "gives other code a turn", reason: turnOrder },
  {
    hosts: ["browser"],
    file: "cancellable-transform.test.ts",
    title: "a source that fails",
    reason: "Chromium does not call `cancel` of a transformer: the operation ends only when it is cancelled",
  },
  {
    hosts: ["browser"],
    file: "differences.test.ts",
    title: "a fiber that the operation of another fiber wakes",
    reason: "without AsyncLocalStorage a fiber that is woken inside an operation is in that operation",
  },
  {
    hosts: ["browser"],
    file: "signals-first.test.ts",
    title: "a listener that stops the propagation",
    reason: "browsers have no abort listener that an earlier listener cannot stop",
  },
  {
    hosts: ["browser"],
    file: "bounded-end.test.ts",
    title: "a web stream over an async generator",
    reason: "Chromium has no ReadableStream.from",
  },
  {
    hosts: ["browser"],
    file: "made-outside.test.ts",
    reason: "the tests share their primitives: one that has lost its scope keeps them",
  },
  {
    hosts: ["browser"],
    file: "replay.test.ts",
    reason: "the programs ask for the ambient scope after an await, and wait for ever without it",
  },
  {
    hosts: ["browser"],
    file: "host-resources.test.ts",
    title: "the limit of a container",
    reason: "browsers do not tell their memory",
  },
  { hosts: ["browser"], file: "listing.test.ts", title: "100,000 live operations", reason: minutes },
  { hosts: ["browser"], file: "signal-source.test.ts", reason: "browsers have no operating-system signals" },
  {
    hosts: ["browser"],
    file: "broken-callbacks.test.ts",
    title: "causes a warning after 5 s",
    reason: "the test counts all warnings, and tests that lost their scope cause warnings too",
  },
  {
    hosts: ["browser"],
    file: "odd-trees.test.ts",
    title: "writes to the standard output",
    reason: "browsers have no standard output",
  },
  {
    hosts: ["browser"],
    file: "faults-depth.test.ts",
    reason: minutes,
  },
  { hosts: ["Bun"], file: "undici/connections.test.ts", reason: ownUndici },
  { hosts: ["Bun"], file: "undici/deadline.test.ts", reason: ownUndici },
  { hosts: ["Bun"], file: "undici/dispatchers.test.ts", reason: ownUndici },
  { hosts: ["Bun"], file: "undici/queue-and-listeners.test.ts", reason: ownUndici },
  { hosts: ["Bun"], file: "undici/requests.test.ts", reason: ownUndici },
  { hosts: ["Bun"], file: "undici/sdks.test.ts", reason: ownUndici },
  { hosts: ["Deno"], file: "undici/deadline.test.ts", title: "the built-in fetch", reason: ownFetch },
  { hosts: ["Deno"], file: "undici/dispatchers.test.ts", reason: ownFetch },
  { hosts: ["Deno"], file: "undici/queue-and-listeners.test.ts", reason: ownFetch },
  { hosts: ["Deno"], file: "undici/requests.test.ts", reason: ownFetch },
  { hosts: ["Deno"], file: "undici/sdks.test.ts", reason: ownFetch },
  {
    hosts: ["Bun"],
    file: "ws/ws.test.ts",
    title: "whose client breaks a frame",
    reason: "Bun has a ws of its own, which keeps a connection whose client breaks a frame",
  },
  {
    hosts: ["Deno"],
    file: "pg/streams.test.ts",
    title: "COPY TO > ",
    reason: pausedSocket,
  },
  {
    hosts: ["Deno"],
    file: "pg/streams.test.ts",
    title: "are stopped at random moments",
    reason: pausedSocket,
  },
];

export const host: Host =
  typeof document === "object"
    ? "browser"
    : "bun" in process.versions
      ? "Bun"
      : "deno" in process.versions
        ? "Deno"
        : "Node";

/** Whether an entry holds on a host, with the files that the tests run over. */
export function isFor(entry: LeftOut, on: Host): boolean {
  return entry.hosts.includes(on) || (overBuiltFiles && entry.hosts.includes("built files"));
}

export function matches(entry: LeftOut, file: string, title: string): boolean {
  return file.endsWith(`/${entry.file}`) && (entry.title === undefined || title.includes(entry.title));
}

/** The reason why a test cannot run on this host. */
export function reasonToLeaveOut(file: string, title: string): string | undefined {
  return leftOut.find((entry) => isFor(entry, host) && matches(entry, file, title))?.reason;
}
