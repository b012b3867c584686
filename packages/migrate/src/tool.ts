import type { FileResult } from "./engine/results.ts";
import { type Tool, versionOf } from "./engine/tool.ts";
import type { PromisesOptions } from "./promises/options.ts";

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
      description:
        "use TypeScript's type checker: find more, and make no edit that TypeScript rejects (slower)",
    },
  ],
  loadEngine: async () => (await import("./promises/engine.ts")).createPromisesEngine(),
  worker: new URL("./worker.js", import.meta.url),
  analyzeTogether: (paths, options: PromisesOptions) => (options.types ? checked(paths, options) : undefined),
};

async function* checked(paths: readonly string[], options: PromisesOptions): AsyncGenerator<FileResult> {
  yield* (await import("./promises/checked-files.ts")).analyzeChecked(paths, options);
}
