import { applyPrimitive, noArguments, type Primitive } from "../primitive.ts";
import type { AsyncioRule } from "../rule.ts";

const lock: Primitive = {
  target: "anyio.Lock",
  methods: new Set(["locked", "release"]),
  resultless: new Set(["acquire"]),
  mayEscape: true,
  safeWhenLocal: true,
  arguments: noArguments,
  suggestion: "Use `anyio.Lock()`. It belongs to the task that acquired it, and `acquire()` returns None.",
};

export const lockRule: AsyncioRule = {
  name: "lock",
  api: "asyncio.Lock",
  apis: ["Lock"],
  class: "R",
  summary: "anyio's lock belongs to the task that acquired it (safe for a local that only `async with` uses)",
  target: "anyio.Lock()",
  apply: (reference, context) => applyPrimitive(lock, reference, context),
};
