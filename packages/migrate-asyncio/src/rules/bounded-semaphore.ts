import { applyPrimitive, hasFastAcquire, type Primitive, turnChange } from "../primitive.ts";
import type { AsyncioRule } from "../rule.ts";
import { insertFirst, lockedAsValue } from "./semaphore.ts";

const repeatable: ReadonlySet<string> = new Set(["integer", "identifier", "attribute"]);

const bounded: Primitive = {
  target: "anyio.Semaphore",
  methods: new Set(["release"]),
  resultless: new Set(["acquire"]),
  mayBePublic: true,
  mayEscape: true,
  isOwned: false,
  safeWhenLocal: false,
  arguments: (call, plain, context) => {
    const fast = hasFastAcquire(context) ? ", fast_acquire=True" : "";
    if (plain.positional.length + plain.keywords.size === 0)
      return [insertFirst(call, `1, max_value=1${fast}`)];
    const [value] = plain.positional;
    if (value === undefined || plain.positional.length > 1 || plain.keywords.size > 0) {
      return "It is created with arguments that anyio's class does not take.";
    }
    if (!repeatable.has(value.type)) return "Its count would be computed twice.";
    return [{ start: value.end, end: value.end, text: `, max_value=${context.file.of(value)}${fast}` }];
  },
  change: (context) => `Its \`acquire()\` returns None.${turnChange(context)}`,
  use: lockedAsValue,
  suggestion: "Use `anyio.Semaphore(n, max_value=n)`.",
};

export const boundedSemaphoreRule: AsyncioRule = {
  name: "bounded-semaphore",
  api: "asyncio.BoundedSemaphore",
  apis: ["BoundedSemaphore"],
  class: "R",
  summary: "a semaphore with `max_value`; too many releases raise ValueError in both",
  target: "anyio.Semaphore(n, max_value=n)",
  apply: (reference, context) => applyPrimitive(bounded, reference, context),
};
