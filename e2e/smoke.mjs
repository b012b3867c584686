// Runs the cases on this host, on every backend. Prints "N passed, N failed".
import { getBackend, run } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import "@hother/cancelable-backends/effect";
import "@hother/cancelable-backends/effection";
import { cases } from "./cases.mjs";

const backends = ["native", "virtual", "effect", "effection"];

/** @param {{ ambient: boolean }} host Whether the ambient operation outlives an `await` there. */
export async function runCases({ ambient }) {
  let passed = 0;
  const failures = [];
  for (const name of backends) {
    for (const { title, body, ambient: needed } of cases) {
      if (needed && !ambient) continue;
      try {
        await run(body, { backend: name === "virtual" ? new VirtualBackend() : getBackend(name) });
        passed++;
      } catch (error) {
        failures.push(`${title} [${name}]: ${error?.stack ?? error}`);
      }
    }
  }
  return { passed, failures };
}

/** What a host without a process reports to. */
export const summary = ({ passed, failures }) => `${passed} passed, ${failures.length} failed`;
