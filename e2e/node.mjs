// The smoke test on Node, Bun and Deno.
import { runCases, summary } from "./smoke.mjs";

const result = await runCases({ ambient: true });
for (const failure of result.failures) console.error(`FAILED ${failure}`);
console.log(summary(result));
if (result.failures.length > 0) throw new Error("failed");
