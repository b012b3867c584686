import type { PromiseRule } from "../promise-rule.ts";
import { bare, isInlineFunction } from "../syntax.ts";

/** Repeating timers. */
export const interval: PromiseRule = {
  rows: [
    {
      name: "interval",
      api: "setInterval",
      class: "M",
      summary: "The reason says whether an async callback may overlap itself.",
      target: "a task with for await (const _ of interval(ms))",
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      if (!file.isGlobalCall(node, "setInterval")) continue;
      const callback = bare(node.arguments[0]);
      const isAsync = isInlineFunction(callback) && callback.async;
      file.add({
        rule: "interval",
        api: "setInterval",
        node,
        class: "M",
        reason: isAsync
          ? "The async callback overlaps itself if it takes longer than the interval, and its errors are lost."
          : "It repeats until it is cleared; no cancellation reaches it.",
        suggestion: "Use group.startSoon(async () => { for await (const _ of interval(ms)) … }).",
      });
    }
  },
};
