import { rename } from "../call.ts";
import type { AsyncioRule } from "../rule.ts";

export const subprocessConstantsRule: AsyncioRule = {
  name: "subprocess-constants",
  api: "asyncio.subprocess.PIPE, STDOUT, DEVNULL",
  apis: ["subprocess.PIPE", "subprocess.STDOUT", "subprocess.DEVNULL"],
  class: "R",
  summary: "the constants of the standard library have the same values",
  target: "subprocess.PIPE, STDOUT, DEVNULL",
  change: "The constants have the same values.",
  apply: (reference) => ({
    class: "R",
    edits: [rename(reference, reference.api)],
    modules: ["subprocess"],
  }),
};
