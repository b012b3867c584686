import { dottedVersion, type Tool, versionOf } from "@hother/cancelable-migrate/engine";

/** The command-line tool for Python. */
export const asyncioTool: Tool = {
  name: "asyncio-to-anyio",
  version: versionOf(new URL("../package.json", import.meta.url)),
  description: "Move Python code from asyncio to anyio, by syntax tree.",
  options: [
    {
      flags: "--anyio-min <version>",
      description: "the oldest anyio to support (default 4.0)",
      parse: dottedVersion,
    },
    {
      flags: "--python-min <version>",
      description: "the oldest Python to support (default: as the project says, or 3.11)",
      parse: dottedVersion,
    },
  ],
  loadEngine: async () => (await import("./engine.ts")).createAsyncioEngine(),
  worker: new URL("./worker.js", import.meta.url),
};
