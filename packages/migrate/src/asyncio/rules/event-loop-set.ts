import { type AsyncioRule, reviewRule } from "../rule.ts";

export const eventLoopSetRule: AsyncioRule = reviewRule({
  name: "event-loop-set",
  apis: [
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
  ],
  class: "M",
  summary: "managing an event loop",
  target: "anyio.run(f)",
  reason: "anyio has no loop object; it makes and closes the loop itself",
  suggestion: "`anyio.run(f, *args)` at the program's entry",
});
