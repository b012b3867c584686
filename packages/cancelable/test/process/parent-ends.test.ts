import { beforeAll, expect, test } from "vitest";
import { until } from "../until.ts";
import { aliveWith, markedEnv } from "./marked.ts";
import { buildProgram, runProgram } from "./program.ts";

/** A program with a shell and two grandchildren that ignore SIGTERM. */
const source = (around: (body: string) => string): string => `
  import { main, runProcess } from "@hother/cancelable/process";
  const run = () =>
    runProcess("sh", ["-c", "trap '' TERM; sleep 600 & sleep 600 & echo ready; wait"], {
      stdout: async (chunks) => { for await (const _ of chunks) console.log("ready"); },
      grace: 50,
    });
  ${around("run()")}
`;

const files: Record<string, string> = {};

beforeAll(async () => {
  files.default = await buildProgram(source((body) => `await ${body};`));
  files.main = await buildProgram(source((body) => `await main(() => ${body});`));
  files.exit = await buildProgram(
    source((body) => `process.on("SIGTERM", () => process.exit(5)); await ${body};`),
  );
});

test.each([
  ["without a handler", "default", "SIGTERM", { code: null, signal: "SIGTERM" }],
  ["by SIGKILL", "default", "SIGKILL", { code: null, signal: "SIGKILL" }],
  ["with main", "main", "SIGTERM", { code: 143, signal: null }],
  ["with a handler that exits", "exit", "SIGTERM", { code: 5, signal: null }],
] as const)("nothing is left when the parent ends %s (PRC-09)", async (_, kind, signal, expected) => {
  const env = markedEnv();
  const ended = await runProgram(
    files[kind] as string,
    (output, child) => {
      if (output !== "ready\n") return;
      // The parent, the guard, the shell, and its two children. A process that has just been forked has no environment yet.
      void until(() => aliveWith(env).length === 5).then(() => process.kill(child.pid as number, signal));
    },
    env,
  );
  expect(ended).toMatchObject(expected);
  await until(() => aliveWith(env).length === 0);
});
