// Causes and remedies of all messages. The page docs/trouble/messages.md is made from these texts and from the messages in the
// sources. Each message of the sources must be here, and each message here must be in the sources: a test compares them.

/** @typedef {{ cause: string, remedy: string }} Advice */

/**
 * The usage errors, by code. Their texts are in the sources.
 * @type {Record<string, Advice>}
 */
export const usage = {
  ERR_ALREADY_STARTED: {
    cause: "The object describes one run, and this run has begun.",
    remedy:
      "Create a new one for each run, for example in a function. See [an operation runs once](pitfalls.md#an-operation-runs-once).",
  },
  ERR_NOT_STARTED: {
    cause: "The code uses an operation as a running one before its start.",
    remedy:
      "Call `run()`, `settle()` or `start()` first. Only an operation from `start()` can be disposed of.",
  },
  ERR_ENDED: {
    cause: "The operation has ended. A token of a `RunVariable` restores its value once.",
    remedy: "Create a new operation. Keep the work inside of the body.",
  },
  ERR_PARENT_ENDED: {
    cause: "The option `parent` names an operation or a scope that has ended, so nothing can run below it.",
    remedy: "Start the work while the parent runs, or pass another parent. `parent: null` means no parent.",
  },
  ERR_GROUP_ENDED: {
    cause: "`startSoon` or `start` was called after the body and all children of the task group had ended.",
    remedy:
      "Start children inside of the body, or from a child. See [task groups](../concepts/task-groups.md).",
  },
  ERR_NOT_HELD: {
    cause:
      "The caller releases a lock or a token that it does not hold, or notifies a condition without its lock.",
    remedy: "Use `lock.run(body)`, or release the lease that `acquire()` returned.",
  },
  ERR_ALREADY_HELD: {
    cause:
      "The task acquires a lock or limiter again and would wait for itself. A lock and a limiter report this after 5 s; an explicit `borrower` is refused at once.",
    remedy:
      "Release the lease first, or pass it on. See [a task can wait for its own lock](more-pitfalls.md#a-task-can-wait-for-its-own-lock).",
  },
  ERR_BROKEN: {
    cause: "A task ended while it held the lock, so the state that the lock protects may be incomplete.",
    remedy:
      "Release the lock in `finally`, or use `lock.run(body)`. Make a new lock after you have repaired the state.",
  },
  ERR_WOULD_BLOCK: {
    cause: "A method that never waits (`…Nowait`) found no item, no room, no permit or a held lock.",
    remedy: 'Call the method that waits, or try again later. A queue with `overflow: "refuse"` is full.',
  },
  ERR_CLOSED: {
    cause: "The object was closed or disposed of, or the scope that owned it has ended.",
    remedy:
      "Use it before its end. Read the body of a response inside of the scope that made the request. `QueueClosedError` has the same code: a closed queue is an ordinary end.",
  },
  ERR_OWNED: {
    cause: "The code closes the token of an operation.",
    remedy: "Cancel the operation: `op.cancel()`. The operation closes its token when it ends.",
  },
  ERR_WAITS_FOR_ITSELF: {
    cause: "The code waits, inside of its own run, for the end of this run.",
    remedy: "Do not call the function, or await the task, from inside of itself.",
  },
  ERR_RELEASED_TOO_OFTEN: {
    cause: "There were more calls of `release()` than of `acquire()`, or more of `done()` than of `get()`.",
    remedy: "Use `run(body)` or the lease. A lease releases once.",
  },
  ERR_STARTED_TWICE: {
    cause: "A task called `started()` a second time.",
    remedy: "Call it once, when the task is ready.",
  },
  ERR_NEVER_STARTED: {
    cause: "A task that was started with `group.start()` returned before it called `started()`.",
    remedy: "Call `started()` when the task is ready, or use `group.startSoon()`.",
  },
  ERR_RELATIVE_DEADLINE: {
    cause: "A timeout counts from the start, so there is no deadline before the start.",
    remedy: "Read or set the deadline in the body, or give the option `deadline`.",
  },
  ERR_UNKNOWN_BACKEND: {
    cause:
      "The module of the backend was not imported, or the installed version of the runtime is not supported.",
    remedy: "Import the module that the message names. See [backends](../backends.md).",
  },
  ERR_UNSUPPORTED_HOST: {
    cause:
      "The host (a browser, a worker, another runtime, another server) lacks a part that the function needs.",
    remedy: "The text in parentheses says which one. See [hosts](../hosts.md).",
  },
  ERR_OTHER_VERSION: {
    cause: "The handle was made by another version of the library.",
    remedy: "Install one version for all threads: `npm ls @hother/cancelable`.",
  },
  ERR_MISSING_PACKAGE: {
    cause: "`runInThread` uses the package `piscina`, which the application installs.",
    remedy: "`npm install piscina`. See [threads](../how/threads.md).",
  },
  ERR_BUSY: {
    cause: "Another caller uses the object, and it serves one caller at a time.",
    remedy: "Await the other call first. Use one object for each caller, or a `Queue` for several readers.",
  },
  ERR_NO_RESULT: {
    cause: "`task.value` was read before the task ended.",
    remedy: "`await task`, or read `task.status` first.",
  },
  ERR_FULL: {
    cause: "The calls of one thread arrive faster than the bridge runs them.",
    remedy: "Await `call()` instead of `callSoon()`, or raise `capacity`.",
  },
  ERR_NO_BRIDGE: {
    cause: "`callSoonThreadsafe` has no bridge to send to.",
    remedy: "Start a `ThreadBridge` in this thread, or attach to the bridge of another thread.",
  },
  ERR_NO_THREADS: {
    cause: "`runSyncInThread` was called, and the module with threads is not loaded.",
    remedy: '`import "@hother/cancelable/threads"` once.',
  },
  ERR_NOT_SET: {
    cause: "A `RunVariable` without a default was read before it was set in this run.",
    remedy: "Set it first, or pass a default.",
  },
};

/**
 * The other errors. `texts` are the messages, as they are in the sources, with `…` for a variable part.
 * @type {Array<{ title: string, errors: Array<{ name: string, code?: string, texts: string[], shown?: string[], file?: string } & Advice> }>}
 * `shown`: the texts as the page has them, if a reader would not recognise the others. `file`: the texts are put together from parts that are in this file.
 */
export const errors = [
  {
    title: "Wrong arguments",
    errors: [
      {
        name: "TypeError",
        code: "ERR_INVALID_ARG_TYPE",
        texts: ["… must be …; got …"],
        cause:
          "The argument or option has a wrong type. The message names it, the expected type and the value. `an instance of X of another copy of @hother/cancelable` means that two copies of the package are loaded.",
        remedy:
          "Pass the expected type. `a function, such as () => promise` means: pass a function that starts the work, and not its promise.",
      },
      {
        name: "RangeError",
        code: "ERR_OUT_OF_RANGE",
        texts: ["… must be …; got …"],
        cause: "The value has the right type and is outside of the range.",
        remedy:
          "The message names the range. A time is in milliseconds, or an object such as `{ seconds: 5 }`.",
      },
      {
        name: "TypeError",
        code: "ERR_UNKNOWN_OPTION",
        texts: [
          "….… is not … of …; …",
          "options.… is not an option of …; the options are …",
          "options.… is not an option of renderProgress; …",
        ],
        shown: [
          "options.… is not an option of …; did you mean …?",
          "options.… is not an option of …; it is an option of Cancellable",
          "options.… is not an option of …; the options are …",
        ],
        cause: "The name of the option is wrong, or the option belongs to another function.",
        remedy: "The message has the nearest name, or all names.",
      },
      {
        name: "TypeError",
        code: "ERR_INVALID_ARG_VALUE",
        texts: [
          "… cannot be sent to another thread: …; pass values in args, or give the module and the name of an export",
        ],
        cause:
          "The source of the function is not enough: it uses a name from outside, or it is a method, a class or bound.",
        remedy: "Pass the values as arguments, or use a module. See [threads](../how/threads.md).",
      },
      {
        name: "TypeError",
        code: "ERR_UNCLONEABLE",
        texts: ["… cannot be sent to another thread; got …"],
        cause:
          "An argument, a result or a progress report contains a function, a socket or another value that cannot be copied.",
        remedy: "The message names the part. Send plain data. For a generator, use `streamFromThread`.",
      },
    ],
  },
  {
    title: "Tasks, queues and signals",
    errors: [
      {
        name: "Error",
        texts: ["… arrived and was not read"],
        cause:
          "A signal of the operating system arrived at a signal receiver that was closed before the signal was read.",
        remedy: "Read the signals until the end of the program. The reporter gets this error.",
      },
      {
        name: "AggregateError",
        texts: ["Failures in a task group: …"],
        cause: "More than one child of a group that collects its errors has failed.",
        remedy: "`error.errors` has them in order of time.",
      },
      {
        name: "AggregateError",
        texts: ["All tasks failed"],
        cause: "Every function of `any` has failed.",
        remedy: "`error.errors` has one error for each function.",
      },
      {
        name: "TaskFailedError",
        texts: ["Task … failed"],
        cause: "The code awaits a task that has failed.",
        remedy: "`error.cause` is the error of the task, which also goes to the group.",
      },
      {
        name: "TaskCancelledError",
        texts: ["Task … was cancelled"],
        cause: "The code awaits a task that was cancelled. The code itself is not cancelled.",
        remedy: "`error.cause` is the cancellation. `task.wait()` waits and does not throw it.",
      },
      {
        name: "QueueClosedError",
        code: "ERR_CLOSED",
        texts: ["The … was closed by its …"],
        cause: "The queue or broadcast is closed. `error.by` says which end closed it.",
        remedy: "`for await` ends at a close by the sender. Catch the error around `get()` and `put()`.",
      },
      {
        name: "Error",
        texts: ['A … of a queue was garbage-collected while open. Close it, or declare it with "using"'],
        cause:
          "A `QueueSender` or `QueueReceiver` was lost. The library has closed it, so that the other end does not wait without an end.",
        remedy: "`using sender = …`, or `sender.close()`. The reporter gets this error.",
      },
      {
        name: "LagError",
        code: "ERR_LAG",
        texts: ["… was read too slowly: it was full, and has missed …"],
        cause: 'The reader of `on()` or of a broadcast was slower than the events, and its rule is `"fail"`.',
        remedy:
          "Read faster, raise the capacity, or choose a rule that drops items. `error.missed` counts them.",
      },
      {
        name: "RangeError",
        texts: ["Maximum call stack size exceeded"],
        cause: "The stack was full when an operation started, for example in an endless recursion.",
        remedy: "Look for the recursion. The operation has failed and has left nothing open.",
      },
    ],
  },
  {
    title: "Processes",
    errors: [
      {
        name: "CommandNotFoundError",
        code: "ERR_COMMAND_NOT_FOUND",
        texts: ["There is no command …"],
        cause: "The command is not in the `PATH`, or the file does not exist.",
        remedy: "Install it, or give its path.",
      },
      {
        name: "CommandNotExecutableError",
        code: "ERR_COMMAND_NOT_EXECUTABLE",
        texts: ["The file … cannot be run: it, or its interpreter, is no program with the permission to run"],
        cause: "The file lacks the permission to run, or the interpreter in its first line does not exist.",
        remedy: "`chmod +x`, or run the interpreter with the file as its argument.",
      },
      {
        name: "WorkingDirectoryError",
        code: "ERR_CWD_NOT_FOUND",
        texts: ["There is no folder … that can be the working directory"],
        cause: "The option `cwd` names no folder that the process can enter.",
        remedy: "Create the folder, or correct the path.",
      },
      {
        name: "ProcessStartError",
        code: "ERR_PROCESS_NOT_STARTED",
        texts: ["The command … could not be started"],
        cause: "The system refused for another reason, such as too many processes.",
        remedy: "`error.cause` is the error of the system.",
      },
      {
        name: "ProcessFailedError",
        code: "ERR_PROCESS_FAILED",
        texts: ["… failed with exit code …", "… was ended by …"],
        file: "packages/cancelable/src/process/process-error.ts",
        cause: "The command ended with another exit code than 0, or by a signal of another program.",
        remedy: "`error.process` has both outputs, the exit code and the signal.",
      },
      {
        name: "ProcessOutputError",
        code: "ERR_PROCESS_OUTPUT",
        texts: ["… wrote more than … bytes to …"],
        cause: "The output is longer than `maxOutput` (10 MiB by default). The command was ended.",
        remedy:
          "Read the output with a function, or raise `maxOutput`. See [processes](../how/processes.md).",
      },
      {
        name: "ProcessNotEndedError",
        code: "ERR_PROCESS_NOT_ENDED",
        texts: ["… could not be ended; alive: …"],
        cause: "Processes of the group are alive one second after SIGKILL, or the system refused the signal.",
        remedy:
          "`error.pids` has their ids. Look for a process that waits for a broken disk, or for missing rights.",
      },
    ],
  },
  {
    title: "Threads",
    errors: [
      {
        name: "ThreadEndedError",
        code: "ERR_WORKER_OUT_OF_MEMORY",
        texts: ["the thread of the call … ended before the call did: …"],
        cause:
          "The call has ended its thread: by `process.exit`, by an error outside of the call, or (with this code) by its use of memory.",
        remedy:
          "Only this call fails; the pool starts a new thread. `error.cause` and `error.exitCode` say more.",
      },
      {
        name: "Error",
        texts: ["the module … could not be loaded in a thread…"],
        cause: "The `import` of the module failed in the thread. `error.cause` says why.",
        remedy:
          'Give a `URL` of JavaScript: `new URL("./work.js", import.meta.url)`. Node 20 loads no TypeScript.',
      },
      {
        name: "TypeError",
        texts: ["… has no export …; it has: …", "the export … of … is no function"],
        file: "packages/cancelable/src/threads/thread-entry.ts",
        cause: "The name in `export` is wrong.",
        remedy: "The message has the names of the module.",
      },
      {
        name: "ReferenceError",
        texts: ["a thread has no global …"],
        cause: "The function uses a global of the main thread, such as `document`.",
        remedy: "Pass the value as an argument.",
      },
      {
        name: "Error",
        texts: [
          "a Web Worker did not load; its script needs the header Cross-Origin-Embedder-Policy, as the page does",
        ],
        file: "packages/cancelable/src/platform/worker-pool.web.ts",
        cause: "In a page that is cross-origin isolated, the script of a worker lacks the header.",
        remedy:
          "Send both headers with the page and with the scripts. See [hosts of threads](../threads-hosts.md).",
      },
    ],
  },
  {
    title: "Requests",
    errors: [
      {
        name: "HttpError",
        code: "ERR_HTTP_STATUS",
        texts: ["… was answered with …"],
        cause: "`expectOk` got another status than 200 to 299.",
        remedy: "`error.status`, `error.headers` and `error.excerpt` have the answer.",
      },
      {
        name: "HttpTimeoutError",
        code: "ERR_HTTP_TIMEOUT",
        texts: [
          "… was not connected within …",
          "… got no response within …",
          "… got no further piece of the response for …",
          "… did not end within …",
        ],
        file: "packages/integrations/src/http/http-timeout-error.ts",
        cause:
          "A limit of the request itself has passed. `error.phase` says which. It is no cancellation of the operation.",
        remedy:
          "Try again, or raise the limit of this phase. See [fetch](../integrations/fetch.md#time-limits).",
      },
      {
        name: "ItemTooLongError",
        code: "ERR_ITEM_TOO_LONG",
        texts: ["… of the body is longer than … characters (options.maxLength)"],
        cause: "A line or an event of the body is longer than `maxLength`, or the body is not made of lines.",
        remedy: "Raise `maxLength`, or check the kind of the body.",
      },
      {
        name: "SyntaxError",
        texts: ["line … of the body is no JSON: …"],
        cause: "A line that `ndjson` read is no JSON.",
        remedy: "The message has the number of the line. Check the kind of the body.",
      },
      {
        name: "Error",
        texts: ["…: no code holds the response any more"],
        cause: "A response was collected before its body was read. Its connection is closed.",
        remedy: "Read the body, or call `response.body.cancel()`.",
      },
      {
        name: "Error",
        texts: ["… has been answered"],
        cause:
          "The server answered before it had read the whole body of the request. The source of the body is closed with this error.",
        remedy: "None is needed. The response is valid.",
      },
      {
        name: "Error",
        texts: ["no time is left for an answer"],
        cause:
          "The deadline of the scope passed before the request had a connection, so undici did not send it.",
        remedy: "Give the operation more time, or start the request earlier.",
      },
    ],
  },
  {
    title: "Servers",
    errors: [
      {
        name: "TypeError",
        texts: [
          "…() found no operation of the request. Register cancelable() before …().",
          "limit() found no operation of the request. Register cancelable() before limit().",
          "limit: the request has no operation; use cancelable() before it",
          "breakOff: the request has no operation; use cancelable() first",
        ],
        cause: "The middleware that makes the operation runs later, or not at all.",
        remedy: "Register `cancelable()` first, for all routes.",
      },
      {
        name: "Error",
        texts: [
          "@hother/cancelable-integrations/fastify is registered in this scope, or in a scope above it, already. Register it once",
        ],
        cause: "The Fastify plugin is registered twice.",
        remedy: "Register it once, on the root.",
      },
      {
        name: "TypeError",
        texts: ["the handler of … must return a Response, got …"],
        cause: "A fetch handler returned another value, such as `undefined`.",
        remedy: "Return a `Response` on every path.",
      },
      {
        name: "TypeError",
        texts: ["…: a list of addresses needs node:net, which this host does not have; pass a function"],
        cause: "`trust` is a list of addresses on a host without `node:net`.",
        remedy: "Pass a function that looks at the request.",
      },
      {
        name: "Error",
        texts: ["the server has broken the answer to … off"],
        cause:
          "The code, or the server after a failure, destroyed an answer that had begun. The operation has failed.",
        remedy: "Look for the error before it, or for `response.destroy()`.",
      },
      {
        name: "Error",
        texts: ["a handler failed with …", "the web stream failed with …"],
        cause: "The handler or the stream failed with a value that is no `Error`.",
        remedy: "Throw an `Error`.",
      },
      {
        name: "Error",
        texts: ["aborted"],
        cause:
          "The client left while the handler read the body of the request. Node gives the same error (`ECONNRESET`).",
        remedy: "None is needed: the operation of the request is cancelled with the reason `disconnect`.",
      },
      {
        name: "Error",
        texts: [
          "connections of the server are still open; import gracefulShutdown before the server listens, so that it knows them",
        ],
        cause: "`gracefulShutdown` does not know connections that were made before its import.",
        remedy: "Import it at the top of the program. See [shutdown](../integrations/shutdown.md).",
      },
      {
        name: "SocketClosedError",
        texts: ["the socket …"],
        cause:
          "A WebSocket was closed with another code than 1000, 1001 or 1005, or the connection broke (1006).",
        remedy: "`error.closeCode` and `error.closeReason` say more. Connect again.",
      },
    ],
  },
  {
    title: "Databases",
    errors: [
      {
        name: "StatementNotSentError",
        code: "ERR_STATEMENT_NOT_SENT",
        texts: [
          "… was not sent",
          "… waited behind a blocking command, and was not sent",
          "… waited for a connection, and was not sent",
          "The statement waited behind others on its connection, and was not sent",
          "The statement waited for a connection of the pool, and was not sent",
          "The statement was prepared only, because its scope was cancelled",
          "the call waited behind another statement of its connection, and sent nothing",
          "the call waited for a client of the pool, and nothing was sent",
          "the call waited for a connection of Kysely, and sent nothing",
          "the call waited for a connection of the pool, and sent nothing",
          "the call waited for a connection of the pool, and sent nothing; connections: …, of which idle: …",
          "the pipeline was cancelled, and is not sent",
          "the statement waited behind another one of its client, and was not sent",
          "the statement waited in the client, and was not sent",
          "the statement was withdrawn",
        ],
        cause:
          "It is the `cause` of a cancellation: the scope was cancelled while the statement waited. The server has not seen it.",
        remedy: "If this happens often, the pool is too small or its connections are in use too long.",
      },
      {
        name: "AnswerLostError",
        code: "ERR_ANSWER_LOST",
        texts: [
          "… was sent on a connection that was lost, and is not sent again",
          "… has no answer … ms after the cancellation; the server may have run it",
        ],
        cause: "A command for Redis was sent, and its answer did not come. The server may have run it.",
        remedy: "Look at the data before you send the command again.",
      },
      {
        name: "TransactionAbortedError",
        code: "ERR_TRANSACTION_ABORTED",
        texts: [
          "The transaction was not stored: …",
          "The transaction was not stored: a statement has failed or was cancelled, and its error was not thrown",
        ],
        cause:
          "The body returned, and the database has not stored the transaction, for example because a statement failed and its error was caught.",
        remedy:
          "`error.cause` is the error of the statement. Put a statement that may fail into a transaction of its own.",
      },
      {
        name: "CommitUnknownError",
        code: "ERR_COMMIT_UNKNOWN",
        texts: ["COMMIT was sent, and the server has not answered: the transaction is stored or not"],
        cause: "The connection broke during `COMMIT`.",
        remedy: "Look for the data before you try again.",
      },
      {
        name: "SqliteHostError",
        code: "ERR_SQLITE_HOST_ENDED",
        texts: ["The … of the database has ended …"],
        cause: "The process or the thread that holds the database ended while it ran a statement.",
        remedy: "The next call opens the database again. The message says how the host ended.",
      },
      {
        name: "Error",
        texts: ["the database is not open", "the database was closed", "the database cannot be opened"],
        cause: "The database of SQLite was closed during the call, or its file cannot be opened.",
        remedy: "Await the calls before `close()`. Check the path and the rights of the file.",
      },
      {
        name: "Error",
        texts: [
          "… has not ended … ms after the cancellation, and its connection was destroyed",
          "… has not ended within … ms, and its connection was destroyed",
          "… has not ended within … ms, and the connection of … was destroyed",
        ],
        cause:
          "The server did not stop the statement, or did not answer the rollback, in time. The statement may still run.",
        remedy: "Look at the server and at the network. The pool makes a new connection.",
      },
      {
        name: "Error",
        texts: [
          "a client of the pool was in a transaction that an earlier user had left open; it was rolled back",
          "a connection of the pool was in a transaction that an earlier user had left open; it was rolled back",
        ],
        cause: "Other code gave a connection back between `BEGIN` and `COMMIT`.",
        remedy: "Use `withTransaction` everywhere. See [transactions](../integrations/transactions.md).",
      },
      {
        name: "Error",
        texts: [
          "the server has given the client no key with which its statements can be cancelled",
          "the server closed the connection before the cancel request was sent",
          "the server takes no TLS for a cancel request",
        ],
        cause: "A proxy between the program and PostgreSQL does not pass cancel requests on.",
        remedy:
          "Use a proxy that does, such as PgBouncer. Until then the connection is destroyed after `cancelTimeout`.",
      },
      {
        name: "TypeError",
        texts: [
          "A statement cannot be stopped: its connection has its own stream, so a second connection cannot be made; give options.control",
        ],
        cause: "The configuration of mysql2 has a `stream`.",
        remedy: "Give `options.control` with the address of the server.",
      },
      {
        name: "TypeError",
        texts: ["options.serverDeadline needs pg 8.21 or later, which tells the state of a transaction"],
        cause: "The installed version of pg is too old.",
        remedy: "`npm install pg@latest`, or leave the option out.",
      },
      {
        name: "Error",
        texts: [
          "Can't add new command when connection is in closed state",
          "Cannot use a pool after calling end on the pool",
          "Release called on client which has already been released to the pool.",
          "Client was passed a null or undefined query",
          "callback is not a function",
          "the statement has failed",
        ],
        cause: "The wrapped client gives the errors of pg and mysql2, with their texts.",
        remedy: "As without this library.",
      },
    ],
  },
  {
    title: "Other integrations",
    errors: [
      {
        name: "TypeError",
        texts: ["the execute of tool … must be an async generator function to give out several results"],
        cause: "A tool of the AI SDK returns an async iterable from an ordinary function.",
        remedy: "Declare `async *execute()`.",
      },
      {
        name: "Error",
        texts: ["no caller waits for this batch"],
        cause:
          "All callers of a batch of DataLoader were cancelled before it was sent. No caller gets this error.",
        remedy: "None is needed.",
      },
    ],
  },
  {
    title: "Assertions of the testing kit",
    errors: [
      {
        name: "AssertionError",
        code: "ERR_ASSERTION",
        texts: [
          "Time is stuck at …: … task… (…). …Pass promises that wait for the real world to backend.hold()",
        ],
        shown: [
          "Time is stuck at …: … tasks wait and no timer is set (…). Pass promises that wait for the real world to backend.hold()",
          "Time is stuck at …: … tasks wait for … timers, and autoJump is off, so only advance() moves the time (…). Pass promises that wait for the real world to backend.hold()",
        ],
        cause: "Every task waits, and no timer is left. The message names the tasks.",
        remedy:
          "Look for the producer that has ended. Pass real work, such as a file or a socket, to `backend.hold()`.",
      },
      {
        name: "AssertionError",
        code: "ERR_ASSERTION",
        texts: [
          "Time is stuck at …: the body of the test has ended, but some of the scopes that it started have not (…)",
        ],
        cause: "The body started work and did not await it.",
        remedy: "Await the work, or cancel it. The message names the scopes.",
      },
      {
        name: "AssertionError",
        code: "ERR_ASSERTION",
        texts: ["Expected no leaks, but found …"],
        cause: "Something is left after the body, or another test runs at the same time.",
        remedy: "The message names the kinds. `ignore` leaves kinds out. See [leaks](../testing.md#leaks).",
      },
      {
        name: "AssertionError",
        code: "ERR_ASSERTION",
        texts: [
          "Expected step …, but step … happened",
          "Expected no step after finish(…), but step … happened",
          "Position … of the sequence was used before",
          "The sequence is broken: the wait for block … was cancelled",
        ],
        cause: "The code ran in another order than the test expects.",
        remedy: "Look at the stack of the step. Each number occurs once.",
      },
      {
        name: "AssertionError",
        code: "ERR_ASSERTION",
        texts: [
          "Expected cancellation within … to …, but after … it returned …",
          "Expected cancellation within … to …, but after … it failed: …",
          "Cancelled too early: after …, expected within … to …",
          "Cancelled too late: still running after …, expected within … to …",
          "Expected a timeout after …, but it was cancelled with reason …: …",
        ],
        cause: "The work ended at another time, or for another reason, than the test expects.",
        remedy: "Run the test on virtual time, where each time is exact.",
      },
      {
        name: "AssertionError",
        code: "ERR_ASSERTION",
        texts: [
          "Expected a … event…; recorded: …",
          "Expected operation … to be …, but it was never attached",
          "Expected … to be …, but it is …",
          "…; the body failed: …",
        ],
        cause: "A recorder or a scenario expected another event or status.",
        remedy: "Attach the recorder before the run. The message has the events that it saw.",
      },
    ],
  },
];

/**
 * Warnings on the console. They begin with `@hother/cancelable:`. `file`: the text is put together from parts in this file.
 * @type {Array<{ text: string, file?: string } & Advice>}
 */
export const warnings = [
  {
    text: "… was cancelled 5 s ago and its body has not ended. Pass op.signal to its calls, or wrap them in op.waitFor(…).",
    file: "packages/cancelable/src/operation/operation.ts",
    cause:
      "The body awaits code that does not see the cancellation, computes, or catches every error and continues.",
    remedy: "See [find out why an operation does not end](../how/what-does-not-end.md).",
  },
  {
    text: "… was cancelled 5 s ago and … has not been disposed of. Use await using, or call [Symbol.asyncDispose]().",
    file: "packages/cancelable/src/operation/operation.ts",
    cause: "An operation was started with `start()`, and its handle was lost.",
    remedy: "`await using op = ….start()`.",
  },
  {
    text: "… was cancelled 5 s ago and its onCancel callbacks have not ended.",
    file: "packages/cancelable/src/operation/operation.ts",
    cause: "A callback of `onCancel` returned a promise that does not settle.",
    remedy: "Give the work of the callback a time limit.",
  },
  {
    text: "… failed with the cancellation of …, to which it does not belong. Either it awaited a result of that operation, or its code ran in the async context of that operation, as in a queue or a pool of another library. For the latter, pass bind(fn) or op.wrap(fn) to the queue. This is said once.",
    cause: "A queue of another library runs the job of one caller in the context of another caller.",
    remedy: "`queue.add(bind(job))`. See [queues and pools](../foreign-queues.md).",
  },
  {
    text: "two copies of this package work in one program, … and …. A cancellation in a scope of one reaches the waits of the other, but they share neither operations, nor registries, nor deadlines. Install one version (see npm ls @hother/cancelable), and bundle it once. This is said once.",
    cause: "Two versions are installed, or a bundler put the package into two files.",
    remedy: "See [my limit did nothing](limit-did-nothing.md#4-a-second-copy-of-the-package).",
  },
  {
    text: "a function of this library was called outside of every scope…, while … runs. This host has no AsyncLocalStorage, so the ambient scope is lost after the first await of a body, and no limit reaches such a call. Use the methods of the operation or scope (op.sleep, op.waitFor, op.signal), or pass { scope: op } or { parent: op }. If the call belongs to no operation, nothing is wrong. This is said once.",
    cause: "The program runs in a browser, and a free function was called after the first `await` of a body.",
    remedy: "Use the argument of the body. See [browsers](../browsers.md).",
  },
  {
    text: "the answer was broken off",
    cause: "Fastify's own log has this line for an answer that had begun when its operation was cancelled.",
    remedy:
      "`statusCode`, `reason` and `responseTime` are in the line. See [Fastify](../integrations/fastify.md).",
  },
];

/**
 * Lines that `main()` writes to stderr.
 * @type {Array<{ text: string } & Advice>}
 */
export const lines = [
  {
    text: "Cancelled by …. Ends at once …with a second signal.",
    cause: "A signal, such as Ctrl-C, has cancelled the program, and its clean-up runs.",
    remedy: "Wait, or press Ctrl-C again.",
  },
  {
    text: "Ended … after its body. Still open: …",
    cause: "The body returned, and something keeps the process alive, such as a socket or a timer.",
    remedy: "Close what the line names before the body returns.",
  },
  {
    text: "Uncaught error: …",
    cause: "An error was thrown outside of the body, or a rejected promise has no handler.",
    remedy: "Await each promise, or start it in a task group.",
  },
  {
    text: "Nothing is left that could wake the program, whose body has not ended.",
    cause: "The body awaits a promise that nothing will settle.",
    remedy: "Look for a promise whose `resolve` is never called.",
  },
  {
    text: "Failed: …",
    cause: "The body threw an error.",
    remedy: "The exit code is 1. The line has the error and its causes.",
  },
  {
    text: "Cancelled: …",
    cause: "The program cancelled its own operation.",
    remedy: "The exit code is 1. Catch the cancellation in the body if this is an ordinary end.",
  },
];

/**
 * The sources under which errors without a caller go to the reporter: `@hother/cancelable: error in <source>:`.
 * @type {Array<{ title: string, sources: string[] } & Advice>}
 */
export const sources = [
  {
    title: "Callbacks and options of yours",
    sources: [
      "an … callback",
      "an on… callback",
      "a cancellation callback",
      "an observer of operations",
      "the log of operations",
      "the onProgress callback of a stream",
      "the compare function of a priority queue",
      "source …",
      "stopping source …",
      "options.answer",
      "options.callerDeadline.trust",
      "options.health",
      "options.metadata",
      "options.onEnd",
      "options.onError",
      "options.route",
      "a progress view",
    ],
    cause: "A function that you gave to the library has thrown. The operation is not affected.",
    remedy: "Correct the function.",
  },
  {
    title: "Handlers of requests and of bridges",
    sources: ["the handler of …", "the handler … of the bridge …"],
    cause:
      "Your handler has failed. The client of a request gets 500, or a broken connection if its answer had begun.",
    remedy: "Correct the handler, or answer the error in it.",
  },
  {
    title: "Work without a caller",
    sources: [
      "…, after its group had failed",
      "…, for which no caller waited",
      "a task that lost the race",
      "an attempt of hedge()",
      "an attempt of hedge() that was superseded",
      "attempt … of retry()",
      "a source of merge",
      "an observable after its unsubscription",
      "a query of mysql2 without a listener of its errors",
      "a child of job …",
      "an answer that came too late",
      "the bridge …",
      "a timer of the virtual backend",
    ],
    cause: "The work failed after the result had been decided, so no caller receives the error.",
    remedy: "The error is a failure of your code or of its resource, and is reported once.",
  },
  {
    title: "Closing and clean-up",
    sources: [
      "closing a source",
      "closing a source of merge",
      "an iterator that was left",
      "the source of a stream that has ended",
      "closing an Effection stream",
      "closing a cursor of MongoDB",
      "closing the body of a request",
      "the removal of an event listener",
      "the source of a streamed answer",
      "the answer to …",
      "the header … of …",
      "the close of an MCP transport",
      "the input of a process that did not start",
      "the end of a statement of a connection that was destroyed",
    ],
    cause: "A stream, a connection or a listener failed while it was closed.",
    remedy: "Look at the `return()`, `cancel()` or `close()` of the source.",
  },
  {
    title: "Mistakes that are found later",
    sources: [
      "a wait of a task",
      "a queue",
      "a signal receiver",
      "a line of waiters",
      "cancellablePrisma",
      "gracefulShutdown",
      "withTransaction",
    ],
    cause:
      "The error itself says what is wrong: a task that waits for itself, a handle of a queue that was lost, a signal that no code read.",
    remedy: "Look for the text of the error on this page.",
  },
  {
    title: "Registries, stores and other processes",
    sources: [
      "a cancellation by a registry",
      "the store of a registry",
      "the registry of another thread",
      "a message about the cancellation of a job",
      "the answer about the cancellation of job …",
      "the cancellation of job …",
      "the connection for the cancellation of jobs",
      "the end of the cancelled job …",
      "the progress of job …",
      "the request to cancel job …",
      "the return of job … to its queue",
      "the state of job …",
      "progress of an MCP request",
      "a progress notification of MCP",
      "the deadline header of a request",
    ],
    cause:
      "A message to or from another process failed or was malformed. Operations of this process continue.",
    remedy: "Look at the connection to the store, to Redis or to the database.",
  },
  {
    title: "Connections to databases",
    sources: [
      "a connection of mysql2",
      "the destruction of the connection of …",
      "the new connection of a client of node-redis",
      "the release of a connection of Kysely",
      "the request to stop …",
      "the rollback before a connection of mysql2 goes back to its pool",
      "the rollback for Prisma",
      "the rollback of a transaction",
      "the rollback of a transaction of SQLite",
      "the rollback of a transaction of postgres.js",
    ],
    cause:
      "A statement could not be stopped, or a rollback failed. The connection is destroyed and not used again.",
    remedy: "Look at the server and at the network.",
  },
];

/** Codes of other software that the sources compare with. The library does not make such errors. */
export const otherSoftware = [
  "ERR_ABORTED",
  "ERR_CANCELED",
  "ERR_HTTP2_HEADERS_SENT",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_HTTP2_STREAM_CANCEL",
  "ERR_HTTP2_STREAM_ERROR",
  "ERR_HTTP_HEADERS_SENT",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_UNABLE_TO_PIPE",
  "ERR_STREAM_WRITE_AFTER_END",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
];

/** Texts of errors that no user sees: they stay inside of a function, or guard against a mistake in this repository. */
export const internal = [
  "… Set grace to bound this wait.", // the end of the warnings of operation.ts
  "Effect could not fork a child fiber",
  "cancelled",
  "event",
  "its source cannot be read",
  "line",
  "process group … is not led by a child of this process",
  "receiver",
  "sender",
  "the output is too large",
  "this effect has no span",
];
