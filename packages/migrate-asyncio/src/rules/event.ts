import { callOf, inAsyncFunction } from "../call.ts";
import { applyPrimitive, noArguments, type Primitive } from "../primitive.ts";
import { type AsyncioRule, review } from "../rule.ts";

const event: Primitive = {
  target: "anyio.Event",
  methods: new Set(["set", "is_set"]),
  resultless: new Set(["wait"]),
  mayBePublic: false,
  mayEscape: false,
  isOwned: false,
  safeWhenLocal: false,
  arguments: noArguments,
  change: () =>
    "`wait()` returns None. If the event is set, `wait()` lets other tasks run first; in asyncio it does not.",
  suggestion: "anyio's event cannot be cleared: create a new one per round. `wait()` returns None.",
};

export const eventRule: AsyncioRule = {
  name: "event",
  api: "asyncio.Event",
  apis: ["Event"],
  class: "R",
  summary: "anyio's event has no `clear()`; only objects with known uses are rewritten",
  target: "anyio.Event()",
  apply: (reference, context) => {
    const made = callOf(reference) !== undefined;
    if (made && !context.anyioHas("4.3") && !inAsyncFunction(reference, context.file)) {
      return review(
        "It is created where no event loop may be running. anyio before 4.3 raises there.",
        "Create it in an `async def`, or pass --anyio-min 4.3.",
      );
    }
    return applyPrimitive(event, reference, context);
  },
};
