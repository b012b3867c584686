import { loopRoundVerdict } from "../loop-rounds.ts";
import { type AsyncioRule, apiColumn, review } from "../rule.ts";

const apis: readonly string[] = [
  "new_event_loop",
  "set_event_loop",
  "_get_running_loop",
  "_set_running_loop",
  "loop.close",
  "loop.stop",
  "loop.is_running",
  "loop.is_closed",
  "loop.run_forever",
  "loop.shutdown_asyncgens",
  "loop.shutdown_default_executor",
  "loop.set_default_executor",
  "loop.set_debug",
  "loop.get_debug",
];

export const eventLoopSetRule: AsyncioRule = {
  name: "event-loop-set",
  api: apiColumn(apis),
  apis,
  class: "R",
  summary:
    "creating, setting and closing a loop are removed together with its only `run_until_complete`; else marked",
  target: "anyio.run(f)",
  change:
    "`anyio.run` creates and closes the loop. Before it closes the loop, it cancels the remaining tasks.",
  apply: (reference, context) =>
    loopRoundVerdict(reference, context) ??
    review(
      "anyio has no loop object; `anyio.run` creates and closes the loop.",
      "Use `anyio.run(f, *args)` at the program's entry.",
    ),
};
