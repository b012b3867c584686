import type { Rule } from "@hother/cancelable-migrate/engine";
import type { AsyncioRule } from "./rule.ts";
import { bareModuleRule } from "./rules/bare-module.ts";
import { barrierRule } from "./rules/barrier.ts";
import { boundedSemaphoreRule } from "./rules/bounded-semaphore.ts";
import { callGraphRule } from "./rules/call-graph.ts";
import { callLaterRule } from "./rules/call-later.ts";
import { cancelledErrorRule } from "./rules/cancelled-error.ts";
import { conditionRule } from "./rules/condition.ts";
import { connectionsRule } from "./rules/connections.ts";
import { coroutineDecoratorRule } from "./rules/coroutine-decorator.ts";
import { createTaskRule } from "./rules/create-task.ts";
import { ensureFutureRule } from "./rules/ensure-future.ts";
import { eventRule } from "./rules/event.ts";
import { eventLoopSetRule } from "./rules/event-loop-set.ts";
import { futureRule } from "./rules/future.ts";
import { gatherRule } from "./rules/gather.ts";
import { iscoroutineRule } from "./rules/iscoroutine.ts";
import { iscoroutinefunctionRule } from "./rules/iscoroutinefunction.ts";
import { isolatedTestCaseRule } from "./rules/isolated-test-case.ts";
import { lockRule } from "./rules/lock.ts";
import { loopExecutorRule } from "./rules/loop-executor.ts";
import { loopIoRule } from "./rules/loop-io.ts";
import { loopTimeRule } from "./rules/loop-time.ts";
import { loopTypesRule } from "./rules/loop-types.ts";
import { orderedQueuesRule } from "./rules/ordered-queues.ts";
import { protocolsRule } from "./rules/protocols.ts";
import { pytestFixtureRule } from "./rules/pytest-fixture.ts";
import { pytestMarkerRule } from "./rules/pytest-marker.ts";
import { queueRule } from "./rules/queue.ts";
import { queueErrorsRule } from "./rules/queue-errors.ts";
import { runRule } from "./rules/run.ts";
import { runUntilCompleteRule } from "./rules/run-until-complete.ts";
import { runnerRule } from "./rules/runner.ts";
import { runningLoopRule } from "./rules/running-loop.ts";
import { semaphoreRule } from "./rules/semaphore.ts";
import { serversRule } from "./rules/servers.ts";
import { shieldRule } from "./rules/shield.ts";
import { signalHandlerRule } from "./rules/signal-handler.ts";
import { sleepRule } from "./rules/sleep.ts";
import { streamErrorsRule } from "./rules/stream-errors.ts";
import { streamTypesRule } from "./rules/stream-types.ts";
import { subprocessRule } from "./rules/subprocess.ts";
import { subprocessConstantsRule } from "./rules/subprocess-constants.ts";
import { taskRule } from "./rules/task.ts";
import { taskGroupRule } from "./rules/task-group.ts";
import { threadsafeRule } from "./rules/threadsafe.ts";
import { timeoutRule } from "./rules/timeout.ts";
import { timeoutAtRule } from "./rules/timeout-at.ts";
import { timeoutErrorRule } from "./rules/timeout-error.ts";
import { timeoutTypeRule } from "./rules/timeout-type.ts";
import { toThreadRule } from "./rules/to-thread.ts";
import { unknownRule } from "./rules/unknown.ts";
import { waitRule } from "./rules/wait.ts";
import { waitForRule } from "./rules/wait-for.ts";

/** All rules, in the order of the documentation. */
const table: readonly AsyncioRule[] = [
  sleepRule,
  runRule,
  runnerRule,
  cancelledErrorRule,
  timeoutErrorRule,
  streamErrorsRule,
  lockRule,
  semaphoreRule,
  boundedSemaphoreRule,
  eventRule,
  conditionRule,
  barrierRule,
  queueRule,
  orderedQueuesRule,
  queueErrorsRule,
  gatherRule,
  createTaskRule,
  ensureFutureRule,
  taskGroupRule,
  waitForRule,
  timeoutRule,
  timeoutAtRule,
  timeoutTypeRule,
  shieldRule,
  waitRule,
  toThreadRule,
  loopExecutorRule,
  threadsafeRule,
  loopTimeRule,
  runningLoopRule,
  eventLoopSetRule,
  runUntilCompleteRule,
  callLaterRule,
  signalHandlerRule,
  loopIoRule,
  futureRule,
  taskRule,
  iscoroutinefunctionRule,
  iscoroutineRule,
  coroutineDecoratorRule,
  connectionsRule,
  serversRule,
  streamTypesRule,
  protocolsRule,
  subprocessRule,
  subprocessConstantsRule,
  loopTypesRule,
  callGraphRule,
  bareModuleRule,
  pytestMarkerRule,
  pytestFixtureRule,
  isolatedTestCaseRule,
];

/** Rows for places that are not uses of an API: imports, strings, project files. */
const places: readonly Rule[] = [
  row(
    "import-asyncio",
    "import asyncio",
    "S",
    "`import anyio` is added beside it; the import is removed when every use is rewritten",
    "import anyio",
  ),
  row("import-star", "from asyncio import *", "M", "the uses cannot be followed", "import asyncio"),
  row("re-export", "from .x import asyncio", "M", "another module re-exports asyncio", "import anyio there"),
  row(
    "string-mention",
    '"asyncio.x"',
    "M",
    "strings of patches and quoted annotations",
    "the path after the migration",
  ),
  row(
    "project-file",
    "dependencies and pytest settings",
    "R",
    "only literal lists are edited",
    "anyio>=MIN, anyio_mode",
  ),
];

function row(name: string, api: string, cls: Rule["class"], summary: string, target: string): Rule {
  return { name, api, class: cls, summary, target };
}

const byApi: ReadonlyMap<string, AsyncioRule> = new Map(
  table.flatMap((rule) => rule.apis.map((api): [string, AsyncioRule] => [api, rule])),
);

/** The rule for an API; names without a rule belong to `unknown`. */
export function ruleFor(api: string): AsyncioRule {
  return byApi.get(api) ?? unknownRule;
}

/** Every rule, for `--list-rules` and the documentation. */
export const asyncioRules: readonly Rule[] = [...table, unknownRule, ...places].map(
  ({ name, api, class: cls, summary, target }) => ({ name, api, class: cls, summary, target }),
);
