// The navigation: the sidebar, the previous and next pages, llms.txt and the checks are made from it. The path of a page
// is that of its file in docs/, without ".md". A page with `generated` has no file there.

/**
 * @typedef {object} Page
 * @property {string} path
 * @property {string} title
 * @property {string} line what the page says, in one line
 * @property {boolean} [generated] the page is made when the site is built
 *
 * @typedef {object} Section
 * @property {string} title
 * @property {Page[]} pages
 */

/** @type {Section[]} */
export const navigation = [
  {
    title: "Start",
    pages: [
      {
        path: "start",
        title: "Start",
        line: "Install the package, limit time, stop on Ctrl-C, show progress: five minutes",
      },
      {
        path: "which-one",
        title: "Which one do I need",
        line: "A table from the task that you have to the name to use",
      },
      {
        path: "playground",
        title: "Playground",
        line: "Programs that run in the page, with a time line of their operations",
      },
      { path: "examples", title: "Examples", line: "Programs, each with its output, run by a test" },
    ],
  },
  {
    title: "Concepts",
    pages: [
      { path: "concepts/tree", title: "The tree", line: "Cancellation goes down the tree, and never up" },
      { path: "concepts/checkpoints", title: "Checkpoints", line: "The places where cancelled code stops" },
      {
        path: "concepts/operations",
        title: "Operations",
        line: "Their states, their outcome, and one run each",
      },
      {
        path: "concepts/reasons-and-errors",
        title: "Reasons and errors",
        line: "Who ended it, and which error says so",
      },
      { path: "concepts/shields", title: "Shields", line: "Clean-up that must happen" },
      { path: "concepts/task-groups", title: "Task groups", line: "Who waits for whom" },
      { path: "concepts/deadlines", title: "Deadlines", line: "The earliest deadline holds" },
      {
        path: "concepts/ambient",
        title: "Ambient and explicit",
        line: "The ambient scope, and code that passes the operation by hand",
      },
    ],
  },
  {
    title: "How do I …",
    pages: [
      { path: "how/limit-time", title: "Limit time", line: "Of one wait, of a body, of a whole program" },
      {
        path: "how/cancel-from-outside",
        title: "Cancel from outside",
        line: "With a token, an AbortSignal or an id",
      },
      { path: "how/ctrl-c", title: "Stop on Ctrl-C", line: "Exit codes, and what a second press does" },
      { path: "how/clean-up", title: "Clean up", line: "In finally, with a shield, and in order" },
      { path: "how/run-many", title: "Run many things", line: "All, the first, or as they come" },
      {
        path: "how/limit-concurrency",
        title: "Limit concurrency and rate",
        line: "How much runs at once, and how often something starts",
      },
      {
        path: "how/retry",
        title: "Retry and hedge",
        line: "Try again after a failure, or start a second attempt",
      },
      {
        path: "how/only-the-latest",
        title: "Keep only the latest call",
        line: "Cancel the call before, share one call, wait for a pause",
      },
      { path: "how/read-streams", title: "Read streams", line: "Silent sources, partial results, chunks" },
      { path: "how/show-progress", title: "Show progress", line: "Report it, estimate the end, watch it" },
      {
        path: "how/threads",
        title: "Use threads",
        line: "Cancel work in worker threads, also in a busy loop",
      },
      {
        path: "how/processes",
        title: "Run commands",
        line: "Child processes that end with their whole group",
      },
      {
        path: "how/requests",
        title: "Handle requests",
        line: "End the work when the client leaves, and choose the status",
      },
      { path: "how/queries", title: "Stop queries", line: "In the database, with a pool that stays whole" },
      {
        path: "how/jobs",
        title: "Cancel jobs",
        line: "From every process, with an answer when they have ended",
      },
      {
        path: "how/test",
        title: "Test without waiting",
        line: "Virtual time, in which an hour takes a millisecond",
      },
      {
        path: "how/what-does-not-end",
        title: "Find out what does not end",
        line: "The live tree, the warning, the leak check",
      },
    ],
  },
  {
    title: "Trouble",
    pages: [
      {
        path: "trouble/messages",
        title: "Messages",
        line: "Every code and text of an error, its cause and its remedy",
      },
      { path: "trouble/pitfalls", title: "Pitfalls", line: "Common mistakes and their fixes" },
      {
        path: "trouble/more-pitfalls",
        title: "More pitfalls",
        line: "Handles, event handlers, tokens, streams, locks, tests",
      },
      {
        path: "trouble/limit-did-nothing",
        title: "My limit did nothing",
        line: "Four causes, and four tests for them",
      },
    ],
  },
  {
    title: "In depth",
    pages: [
      { path: "retrying", title: "Retry, hedge, interval", line: "Trying again, and at intervals" },
      { path: "mapping", title: "Map and events", line: "Work on many items, and on events" },
      {
        path: "select",
        title: "Select",
        line: "Waiting for one of several things, without losing the others",
      },
      { path: "calls", title: "Latest, single flight, debounce", line: "Functions that shape other calls" },
      {
        path: "coordination",
        title: "Locks and limiters",
        line: "Leases, the order of waiters, weights, readers and writers",
      },
      {
        path: "sync",
        title: "More primitives",
        line: "Barriers, limiters for each key, rate limiters, events",
      },
      { path: "queues", title: "Queues", line: "Queues, priority queues, broadcasts" },
      { path: "wrapping", title: "Wrapping", line: "Functions and methods whose calls are operations" },
      { path: "options", title: "Options", line: "All options of scopes and operations, in one table" },
      { path: "streams", title: "Streams", line: "Reading, silence, partial results, the end of a stream" },
      { path: "chunks", title: "Chunks and pipes", line: "Chunks, lines, merges and pipes" },
      { path: "threads", title: "Threads", line: "Functions in a thread, shared tokens, tight loops" },
      {
        path: "threads-calls",
        title: "Calls from a thread",
        line: "Items, calls and the registry from a thread",
      },
      { path: "threads-hosts", title: "Threads on each host", line: "Limits, browsers, hosts, numbers" },
      { path: "process", title: "Programs and processes", line: "main, runProcess, signals, exit codes" },
      {
        path: "testing",
        title: "Testing",
        line: "Virtual time, vitest, node:test, Jest, fake timers, leaks",
      },
      {
        path: "testing-kit",
        title: "The testing kit",
        line: "Order, recorders, scenarios, mock tokens, slow streams",
      },
    ],
  },
  {
    title: "Integrations",
    pages: [
      { path: "integrations/index", title: "What is cancelled how", line: "One table of all integrations" },
      {
        path: "integrations/http",
        title: "Servers in general",
        line: "What the integrations for servers have in common",
      },
      { path: "integrations/fastify", title: "Fastify", line: "Requests as operations" },
      { path: "integrations/express", title: "Express", line: "Requests as operations" },
      { path: "integrations/koa", title: "Koa", line: "Requests as operations" },
      { path: "integrations/hono", title: "Hono", line: "Requests as operations" },
      { path: "integrations/h3", title: "h3", line: "Requests as operations, also in Nitro and Nuxt" },
      { path: "integrations/nextjs", title: "Next.js", line: "Route handlers as operations" },
      { path: "integrations/nest", title: "Nest", line: "Requests as operations" },
      {
        path: "integrations/node-http",
        title: "node:http",
        line: "Servers of node:http, node:https and node:http2",
      },
      {
        path: "integrations/fetch-handler",
        title: "Fetch handlers",
        line: "Functions from a Request to a Response",
      },
      {
        path: "integrations/streaming",
        title: "Streamed answers",
        line: "Server-sent events and other streams to clients",
      },
      {
        path: "integrations/shutdown",
        title: "Shutdown of servers",
        line: "Servers that end in bounded time",
      },
      { path: "integrations/ws", title: "ws", line: "WebSockets and their messages as operations" },
      { path: "integrations/socket.io", title: "socket.io", line: "Sockets and their events as operations" },
      {
        path: "integrations/fetch",
        title: "fetch",
        line: "Requests of the built-in fetch, with streams over their bodies",
      },
      {
        path: "integrations/fetch-bodies",
        title: "fetch: bodies",
        line: "Lines, JSON lines and events; errors; uploads",
      },
      {
        path: "integrations/undici",
        title: "undici and the built-in fetch",
        line: "Requests of SDKs that take no signal",
      },
      {
        path: "integrations/node-client",
        title: "node:http as a client",
        line: "Requests of code that knows no signal",
      },
      { path: "integrations/axios", title: "axios", line: "Requests that end with their scope" },
      { path: "integrations/got", title: "got", line: "Requests that end with their scope" },
      { path: "integrations/ky", title: "ky", line: "Requests that end with their scope" },
      { path: "integrations/pg", title: "pg", line: "Statements that stop in PostgreSQL" },
      {
        path: "integrations/pg-streams",
        title: "pg: cursors and COPY",
        line: "Cursors, query streams and COPY",
      },
      {
        path: "integrations/transactions",
        title: "Transactions",
        line: "Transactions that roll back, and the answer that was lost",
      },
      { path: "integrations/postgres", title: "postgres.js", line: "Statements that stop in PostgreSQL" },
      { path: "integrations/kysely", title: "Kysely", line: "Queries and transactions" },
      { path: "integrations/drizzle", title: "Drizzle", line: "Queries and transactions" },
      { path: "integrations/prisma", title: "Prisma", line: "Queries and transactions" },
      { path: "integrations/mysql2", title: "mysql2", line: "Statements that stop in MySQL and MariaDB" },
      { path: "integrations/mongodb", title: "MongoDB", line: "Commands and cursors" },
      { path: "integrations/redis", title: "node-redis", line: "Commands that do not block the connection" },
      { path: "integrations/ioredis", title: "ioredis", line: "Commands that do not block the connection" },
      { path: "integrations/better-sqlite3", title: "better-sqlite3", line: "Statements in a thread" },
      { path: "integrations/node-sqlite", title: "node:sqlite", line: "Statements in a thread" },
      { path: "integrations/bullmq", title: "BullMQ", line: "Jobs that every process can cancel" },
      { path: "integrations/pg-boss", title: "pg-boss", line: "Jobs that every process can cancel" },
      {
        path: "integrations/graphile-worker",
        title: "Graphile Worker",
        line: "Tasks that every process can cancel",
      },
      { path: "integrations/temporal", title: "Temporal", line: "Activities and their cancellation" },
      { path: "integrations/p-queue", title: "p-queue", line: "A queue whose tasks see their scope" },
      { path: "integrations/dataloader", title: "DataLoader", line: "Batches that several callers share" },
      { path: "integrations/cockatiel", title: "cockatiel", line: "Policies around operations" },
      { path: "integrations/p-retry", title: "p-retry", line: "Attempts that end with their scope" },
      {
        path: "integrations/otel",
        title: "OpenTelemetry",
        line: "Spans and metrics that tell a cancellation from a failure",
      },
      { path: "integrations/pino", title: "pino", line: "Log lines of operations, also in Fastify" },
      { path: "integrations/rxjs", title: "RxJS", line: "From observables to operations and back" },
      { path: "integrations/openai", title: "OpenAI", line: "Answers that stop, and keep what has arrived" },
      {
        path: "integrations/anthropic",
        title: "Anthropic",
        line: "Answers that stop, and keep what has arrived",
      },
      { path: "integrations/ai", title: "AI SDK", line: "Answers and tools that stop" },
      {
        path: "integrations/mcp",
        title: "Model Context Protocol",
        line: "Calls of tools that the client cancels",
      },
      { path: "integrations/test-runners", title: "Test runners", line: "vitest, Jest and node:test" },
      {
        path: "foreign-queues",
        title: "Other queues and pools",
        line: "p-limit, bottleneck, generic-pool and others, measured",
      },
      {
        path: "foreign-queues-measured",
        title: "Other queues, measured",
        line: "Which library keeps the scope of the caller",
      },
      {
        path: "connection-pools",
        title: "Connection pools",
        line: "Waits that end, and connections that come late",
      },
      {
        path: "adapters",
        title: "Adapters",
        line: "The interfaces of p-limit, p-map, async-mutex and others over this library",
      },
    ],
  },
  {
    title: "Hosts and backends",
    pages: [
      { path: "browsers", title: "Browsers and React", line: "What differs, useOperation, Vite" },
      { path: "hosts", title: "Hosts and compilers", line: "Module systems, TypeScript, Jest, bundlers" },
      { path: "backends", title: "Backends", line: "Effect and Effection" },
      {
        path: "write-a-backend",
        title: "Write a backend",
        line: "An async runtime of your own, in 50 lines",
      },
    ],
  },
  {
    title: "In production",
    pages: [
      { path: "production", title: "Production", line: "Shutdown, limits, metrics, security" },
      { path: "observing", title: "Observing", line: "The registry, watching, history, stores, logs" },
      { path: "progress", title: "Progress", line: "Estimates, and a view for terminals" },
      {
        path: "inspecting",
        title: "Live scopes",
        line: "Every scope that has not ended, and where it was made",
      },
    ],
  },
  {
    title: "Coming from",
    pages: [
      {
        path: "migration/compare",
        title: "Comparison",
        line: "This library beside its peers, with what they have and it lacks",
      },
      {
        path: "migration/from-abort-controller",
        title: "AbortController",
        line: "Before, after, and what is different",
      },
      { path: "migration/from-p-libraries", title: "p-timeout, p-queue, p-map", line: "Name by name" },
      { path: "migration/from-effect", title: "Effect", line: "Name by name" },
      { path: "migration/from-effection", title: "Effection", line: "Name by name" },
      { path: "migration/from-rxjs", title: "RxJS", line: "Name by name" },
      {
        path: "migration/from-python",
        title: "Python",
        line: "Conventions, and the names that you use most",
      },
      {
        path: "migration/from-python-names",
        title: "Python: all names",
        line: "Each public name of hother-cancelable",
      },
      {
        path: "migration/from-anyio-and-trio",
        title: "anyio and trio",
        line: "Names, and the differences that tests found",
      },
      {
        path: "migration/migrate",
        title: "The migration tool",
        line: "Moves code from raw promises to this library",
      },
      { path: "migration/migrate-asyncio", title: "From asyncio to anyio", line: "The tool for Python code" },
    ],
  },
  {
    title: "How it works",
    pages: [
      {
        path: "about/how-it-works",
        title: "How it works",
        line: "The layers, and the way of a cancellation through them",
      },
      { path: "about/invariants", title: "Invariants", line: "What is always true of the tree" },
      { path: "about/decisions", title: "Decisions", line: "What was chosen, what was rejected, and why" },
      { path: "about/cost", title: "Cost", line: "Time, memory and size" },
      { path: "contract", title: "Contract", line: "The numbered rules, which the tests cite" },
      {
        path: "about/conformance",
        title: "Conformance",
        line: "Each promised behaviour and its tests",
        generated: true,
      },
      {
        path: "about/benchmarks",
        title: "Benchmarks",
        line: "Measurements beside nine other libraries",
        generated: true,
      },
    ],
  },
  {
    title: "Reference",
    pages: [
      {
        path: "reference/index",
        title: "API reference",
        line: "Every public name, by entry and chapter",
        generated: true,
      },
      { path: "changelog", title: "Changelog", line: "What changed in each version", generated: true },
    ],
  },
];

/** The address below which the site is served, on its host. */
export const base = process.env.SITE_BASE ?? "/cancelable/";

export const pages = navigation.flatMap(({ pages }) => pages);

/** The address of a page below the base, for example "/how/retry" or "/integrations/". */
export const linkOf = (/** @type {string} */ path) => `/${path.replace(/(^|\/)index$/, "$1")}`;
