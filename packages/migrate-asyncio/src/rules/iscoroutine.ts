import { callOf, rename } from "../call.ts";
import { type AsyncioRule, review } from "../rule.ts";

export const iscoroutineRule: AsyncioRule = {
  name: "iscoroutine",
  api: "asyncio.iscoroutine",
  apis: ["iscoroutine"],
  class: "R",
  summary: "asyncio's function also accepts other classes of collections.abc.Coroutine",
  target: "inspect.iscoroutine(x)",
  change: "Objects of other coroutine classes are no longer accepted.",
  apply: (reference) =>
    callOf(reference) === undefined
      ? review("It is passed as a value.", "Pass `inspect.iscoroutine`.")
      : { class: "R", edits: [rename(reference, "inspect.iscoroutine")], modules: ["inspect"] },
};
