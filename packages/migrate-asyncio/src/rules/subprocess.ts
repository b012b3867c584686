import { type AsyncioRule, reviewRule } from "../rule.ts";

export const subprocessRule: AsyncioRule = reviewRule({
  name: "subprocess",
  apis: [
    "create_subprocess_exec",
    "create_subprocess_shell",
    "subprocess.Process",
    "subprocess.create_subprocess_exec",
    "subprocess.create_subprocess_shell",
    "subprocess",
  ],
  class: "M",
  summary: "child processes",
  target: "anyio.open_process(), run_process()",
  reason: "Leaving anyio's context kills the process. `communicate()` becomes `run_process`.",
  suggestion:
    "Use `await anyio.run_process([...])`, or `async with await anyio.open_process([...])`. A string runs in a shell.",
});
