import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Cancellable, run } from "@hother/cancelable";
import { PiscinaPool } from "@hother/cancelable/threads";
import { effectBackend } from "@hother/cancelable-backends/effect";
import { effectionBackend } from "@hother/cancelable-backends/effection";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { type Output, runProgram } from "../run-example.ts";
import { crawl } from "./crawler/crawl.mjs";
import { startSites } from "./crawler/site.mjs";
import { runPipeline } from "./pipeline/pipeline.mjs";
import { serve } from "./service/service.mjs";
import { NoteStore } from "./service/store.mjs";

const file = (program: string): string => fileURLToPath(new URL(`${program}/main.mjs`, import.meta.url));
const bySignal = (name: string): string =>
  `Cancelled by ${name}. Ends at once after 10 s, or with a second signal.`;

const runs: ReadonlyArray<
  { readonly title: string; readonly command: readonly [string, ...string[]] } & Output
> = [
  {
    title: "the crawler finds all pages, and says which ones it could not get",
    command: ["crawler"],
    code: 0,
    lines: [
      "6 pages",
      "12 pages",
      "18 pages",
      "24 pages",
      "docs: 12 pages",
      "blog: 8 pages",
      "shop: 4 pages",
      "docs/99: status 404",
      "shop/5: no answer",
      "blog/3 was asked for 3 times",
      "pages: 24 - at most 2 requests to a site at a time: true",
    ],
    errors: [],
  },
  {
    title: "the crawler ends on Ctrl-C with a partial result",
    command: ["crawler", "--ctrl-c"],
    code: 130,
    lines: [
      "6 pages",
      "12 pages",
      "stopped: signal",
      "pages: 12 - at most 2 requests to a site at a time: true",
    ],
    errors: [bySignal("SIGINT")],
  },
  {
    title: "the service keeps all notes, and every request gets an answer before it ends",
    command: ["service"],
    code: 143,
    lines: ["lines: 10", "found: shopping", "missing: 404", "report: 504", "export: 503"],
    errors: [
      ...Array.from({ length: 10 }, () => "POST /notes/:name: 204 whole"),
      "GET /notes/:name: 200 whole",
      "POST /notes/:name: 204 whole",
      "GET /search: 200 whole",
      "GET /notes/:name: 404 whole",
      "GET /report: 504 whole timeout",
      bySignal("SIGTERM"),
      "GET /export: 503 whole shutdown",
      "stopped: 0 finished, 1 cancelled",
    ],
  },
  {
    title: "the pipeline goes on after its last checkpoint, with the same output",
    command: ["pipeline"],
    code: 0,
    lines: [
      "100 records",
      "200 records",
      "300 records",
      "400 records",
      'operation "first run" cancelled - the user stops it',
      'operation "second run" completed - 400 were done, 1000 are done',
      "same output: true",
    ],
    errors: [],
  },
];

describe("the programs", () => {
  it.for(runs)("$title", async ({ command: [program, ...args], code, lines, errors }) => {
    expect(await runProgram(file(program), {}, args)).toEqual({ code, lines, errors });
  });
});

const folder = mkdtempSync(join(tmpdir(), "programs-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["Effect", effectBackend],
  ["Effection", effectionBackend],
])("on the backend of %s", (name, backend) => {
  it("the crawler finds the same pages", async () => {
    const sites = await startSites();
    const found = { pages: new Map<string, string[]>(), failed: new Map<string, unknown>() };
    try {
      await run(() => crawl(sites.start, found), { backend });
    } finally {
      sites.stop();
    }
    expect(found.pages.size).toBe(24);
    expect([...found.failed.keys()].map(sites.label).sort()).toEqual(["docs/99", "shop/5"]);
    expect(sites.most()).toBeLessThanOrEqual(2);
  });

  it("the pipeline is cancelled after a checkpoint, and goes on from there", async () => {
    const input = join(folder, `${name}-input.csv`);
    writeFileSync(input, Array.from({ length: 250 }, (_, n) => `${n}\n`).join(""));
    const files = { input, output: join(folder, `${name}.csv`), progressFile: join(folder, `${name}.json`) };
    const pool = new PiscinaPool({ threads: 1 });
    onTestFinished(() => pool.close());
    const outcome = await run(
      () => {
        const op = new Cancellable();
        op.onProgress(() => op.cancel());
        return op.settle(() => runPipeline(files, { pool }));
      },
      { backend },
    );
    expect(outcome.status).toBe("cancelled");
    expect(await run(() => runPipeline(files, { pool }), { backend })).toEqual({
      resumed: 100,
      records: 250,
    });
    const numbers = readFileSync(files.output, "utf8").trimEnd().split("\n");
    expect(numbers.map((line) => Number(line.split(",")[0]))).toEqual(
      Array.from({ length: 250 }, (_, n) => n),
    );
  });

  it("the service ends with its scope", async () => {
    const store = new NoteStore(join(folder, name));
    await store.open();
    const op = new Cancellable();
    const statuses: number[] = [];
    const outcome = await run(
      () =>
        op.settle(() =>
          serve(store, {
            onReady: (url) =>
              void fetch(`${url}/notes/a`, { method: "POST", body: "one" })
                .then(({ status }) => statuses.push(status))
                .finally(() => op.cancel("shutdown")),
          }),
        ),
      { backend },
    );
    expect([outcome.status, statuses, await store.get("a")]).toEqual(["cancelled", [204], "one\n"]);
  });
});
