/** A test, or a file of tests, that cannot run on a host. */
interface LeftOut {
  readonly hosts: readonly Host[];
  /** The name of the test file without its folder. */
  readonly file: string;
  /** Part of the titles of the tests. Default: all tests of the file. */
  readonly title?: string;
  readonly reason: string;
}

export type Host = "Node" | "Bun" | "Deno" | "browser";

const noCopies = "vi.resetModules() and vi.doMock() do not load a module twice in a browser";
const noCollector = "JavaScriptCore's garbage collector is conservative: single dead objects stay";
const nodeTest = "node:test runs only in the host's own test command, not in a program";
const minutes = "100,000 operations take a browser minutes; the other hosts have them";
const turnOrder = "the test posts a message; browsers do not order the messages of two channels";

/*
 * Further tests are left out without an entry: setup.ts finds that a test needs the ambient scope after an `await`, or
 * something that the library refuses on the host; browser/missing.ts finds that a test uses a module of Node.
 */
export const leftOut: readonly LeftOut[] = [
  {
    hosts: ["Bun"],
    file: "errors.test.ts",
    title: "errors of deadlines and parents have no stack frames",
    reason: "JavaScriptCore leaves `stack` undefined where Error.stackTraceLimit is 0",
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
    hosts: ["Bun", "Deno", "browser"],
    file: "leaks.test.ts",
    title: "a timer of the host is found",
    reason: "the host does not tell who made a timer",
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
    hosts: ["browser"],
    file: "unsupported-version.test.ts",
    title: "is refused on import",
    reason: noCopies,
  },
  { hosts: ["browser"], file: "unsupported-version.test.ts", title: "names everything", reason: noCopies },
  { hosts: ["browser"], file: "is-cancellation.test.ts", title: "another copy", reason: noCopies },
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
];

export const host: Host =
  typeof document === "object"
    ? "browser"
    : "bun" in process.versions
      ? "Bun"
      : "deno" in process.versions
        ? "Deno"
        : "Node";

export function matches(entry: LeftOut, file: string, title: string): boolean {
  return file.endsWith(`/${entry.file}`) && (entry.title === undefined || title.includes(entry.title));
}

/** The reason why a test cannot run on this host. */
export function reasonToLeaveOut(file: string, title: string): string | undefined {
  return leftOut.find((entry) => entry.hosts.includes(host) && matches(entry, file, title))?.reason;
}
