import { type AsyncioRule, reviewRule } from "../rule.ts";

export const signalHandlerRule: AsyncioRule = reviewRule({
  name: "signal-handler",
  apis: ["loop.add_signal_handler", "loop.remove_signal_handler"],
  class: "M",
  summary: "signal handlers",
  target: "anyio.open_signal_receiver(...)",
  reason: "The callback becomes a loop over signals, on the main thread only.",
  suggestion: "Use `with anyio.open_signal_receiver(…) as signals: async for …`.",
});
