import { applyPrimitive, hasFastAcquire, noArguments, type Primitive, turnChange } from "../primitive.ts";
import type { AsyncioRule } from "../rule.ts";
import { insertFirst } from "./semaphore.ts";

const lock: Primitive = {
  target: "anyio.Lock",
  methods: new Set(["locked", "release"]),
  resultless: new Set(["acquire"]),
  mayBePublic: true,
  mayEscape: false,
  isOwned: true,
  safeWhenLocal: true,
  arguments: (call, plain, context) => {
    const none = noArguments(call, plain);
    if (typeof none === "string" || !hasFastAcquire(context)) return none;
    return [insertFirst(call, "fast_acquire=True")];
  },
  change: (context) =>
    `The lock belongs to the task that acquired it, and only that task may release it.${turnChange(context)}`,
  suggestion: "Use `anyio.Lock()`. It belongs to the task that acquired it, and `acquire()` returns None.",
};

export const lockRule: AsyncioRule = {
  name: "lock",
  api: "asyncio.Lock",
  apis: ["Lock"],
  class: "R",
  summary:
    "only if every function that acquires the lock also releases it; safe for a local lock that only `async with` uses, from anyio 4.5 on",
  target: "anyio.Lock(fast_acquire=True)",
  apply: (reference, context) => applyPrimitive(lock, reference, context),
};
