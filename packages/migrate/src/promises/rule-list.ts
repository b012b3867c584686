import type { PromiseRule } from "./promise-rule.ts";
import { abortTimeout } from "./rules/abort-timeout.ts";
import { asyncCallback } from "./rules/async-callback.ts";
import { asyncMutex } from "./rules/async-mutex.ts";
import { asyncSema } from "./rules/async-sema.ts";
import { deferred } from "./rules/deferred.ts";
import { floating } from "./rules/floating.ts";
import { interval } from "./rules/interval.ts";
import { pLimit } from "./rules/p-limit.ts";
import { pMap } from "./rules/p-map.ts";
import { pRetry } from "./rules/p-retry.ts";
import { pTimeout } from "./rules/p-timeout.ts";
import { promisePackages } from "./rules/packages.ts";
import { processSignal } from "./rules/process-signal.ts";
import { promiseAll } from "./rules/promise-all.ts";
import { race } from "./rules/race.ts";
import { retryLoop } from "./rules/retry-loop.ts";
import { signalTimeout } from "./rules/signal-timeout.ts";
import { signals } from "./rules/signals.ts";
import { sleep } from "./rules/sleep.ts";
import { timersPromises } from "./rules/timers-promises.ts";

/** All rules in the order of their search: later rules do not see nodes that an earlier one has claimed. */
export const rules: readonly PromiseRule[] = [
  race,
  sleep,
  timersPromises,
  abortTimeout,
  signalTimeout,
  deferred,
  signals,
  pLimit,
  pMap,
  pRetry,
  pTimeout,
  asyncMutex,
  asyncSema,
  promisePackages,
  promiseAll,
  retryLoop,
  interval,
  processSignal,
  asyncCallback,
  floating,
];
