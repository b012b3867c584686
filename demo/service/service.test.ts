import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

let running: ChildProcess | undefined;
afterEach(() => {
  running?.kill("SIGKILL");
});

/** Runs the demo to its end. Calls `onOutput` with the first output. */
function runDemo(
  onOutput?: (child: ChildProcess) => void,
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, ["demo/service/main.mjs"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (output === "") onOutput?.(child);
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      // On a loaded machine the shutdown can take so long that the library warns.
      const others = errors.replace(/^.* was cancelled 5 s ago .*\n/gm, "");
      resolve({ code, output, errors: others });
    });
  });
}

/** The numbers of a service: answered, client left, time limit, shutdown, failed, still running. */
function countsOf(output: string, service: string): number[] {
  const row = output.split("\n").find((line) => line.startsWith(service));
  return (row ?? "").split(/\s+/).slice(1).map(Number);
}

test("the services tell what was cancelled and why, and no work is left", async () => {
  const { code, output, errors } = await runDemo();
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  for (const service of ["gateway", "store"]) {
    const [answered = 0, left = 0, late = 0, , failed, running] = countsOf(output, service);
    expect([answered > 0, left > 0, late > 0, failed, running], output).toEqual([true, true, true, 0, 0]);
  }
  expect(output).toContain("statements that PostgreSQL still runs: 0");
  // Without Redis the demo has no invoices, and says so.
  expect(output).toMatch(/^invoices: (?:\d+ written, .* 0 still running|none, because .*)$/m);
  const [gateway, store, query] = output
    .slice(output.indexOf("one request whose client left:"))
    .split("\n")
    .slice(1);
  expect(gateway).toMatch(/^gateway  GET \/orders\/:id +cancelled  disconnect: /);
  expect(store).toMatch(/^store    └─ GET \/stock\/:id +cancelled  disconnect: /);
  expect(query).toMatch(/^store       └─ query stock +cancelled  from "GET \/stock\/:id", disconnect: /);
}, 60_000);

test("Ctrl-C shuts both services down, with the exit code of the signal", async () => {
  const { code, output, errors } = await runDemo((child) => setTimeout(() => child.kill("SIGINT"), 500));
  expect(code).toBe(130);
  expect(errors).toBe("Cancelled by SIGINT. Ends at once after 10 s, or with a second signal.\n");
  expect([countsOf(output, "gateway").slice(4), countsOf(output, "store").slice(4)]).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(output).toContain("statements that PostgreSQL still runs: 0");
}, 60_000);
