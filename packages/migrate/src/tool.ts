import { type Tool, versionOf } from "./engine/tool.ts";
import type { PromisesOptions } from "./promises/engine.ts";

/** The command-line tool for TypeScript and JavaScript. */
export const promisesTool: Tool = {
  name: "cancelable-migrate",
  version: versionOf(new URL("../package.json", import.meta.url)),
  description:
    "Move TypeScript and JavaScript from raw promises to @hother/cancelable, by syntax tree. For Python, use asyncio-to-anyio.",
  ruleSet: {
    name: "promises",
    usage:
      "cancelable-migrate promises <path...>. For Python, use asyncio-to-anyio of @hother/cancelable-migrate-asyncio.",
  },
  options: [
    {
      flags: "--types",
      description: "use TypeScript's type checker: floating promises, numbers and AbortSignals (slower)",
    },
  ],
  loadEngine: async () => (await import("./promises/engine.ts")).createPromisesEngine(),
  worker: new URL("./worker.js", import.meta.url),
  // Each thread would build a program of its own.
  needsOneThread: (options: PromisesOptions) => options.types === true,
};
