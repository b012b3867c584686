import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagesForEsbuild } from "../../../../tools/hosts/built-files.ts";
import { chromiumPath } from "../../../../tools/hosts/chromium.mjs";
import { overBuiltFiles } from "../../../../tools/hosts/left-out.ts";

/** Bundles a module for browsers, with the library from its source. */
async function bundleForPage(source: string): Promise<string> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", resolveDir: root },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    ...packagesForEsbuild(),
  });
  return outputFiles[0]?.text ?? "";
}

const workerSource = `
  import { SharedCancellationToken } from "@hother/cancelable/threads";
  onmessage = ({ data: { handle, task } }) => {
    const token = SharedCancellationToken.attach(handle);
    if (task === "cancel") return void token.cancel("quota", "from the worker");
    postMessage("started");
    try {
      for (;;) token.check();
    } catch (error) {
      postMessage(error.message);
    }
  };
`;

const pageSource = `
  import { Cancellable } from "@hother/cancelable";
  import { SharedCancellationToken } from "@hother/cancelable/threads";
  const create = () => {
    try {
      return new SharedCancellationToken();
    } catch (error) {
      return error.message;
    }
  };
  globalThis.refusal = () => String(create());
  globalThis.cancelEachOther = async () => {
    const worker = new Worker("/worker.js", { type: "module" });
    const next = () => new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
    const forWorker = create();
    worker.postMessage({ handle: forWorker.handle, task: "loop" });
    const started = await next();
    forWorker.cancel("shutdown", "from the page");
    const seen = [started, await next()];
    const cancelledByWorker = async () => {
      const token = create();
      const told = new Cancellable({ token }).settle((op) => op.sleep(600_000));
      worker.postMessage({ handle: token.handle, task: "cancel" });
      return (await told).error.message;
    };
    seen.push(await cancelledByWorker());
    delete Atomics.waitAsync;
    seen.push(await cancelledByWorker());
    return seen;
  };
`;

/** The script of the workers, which is also the library for the module of the calls. */
const poolWorkerSource = `
  import "${overBuiltFiles ? "./dist/web/threads/web-worker.js" : "./src/threads/web-worker.ts"}";
  export * from "@hother/cancelable";
`;

const workSource = `
  import { checkpoint, currentOperation } from "/threads/web-worker.js";
  export const obey = (flag) => {
    const op = currentOperation();
    op.reportProgress("started", { name: op.name });
    Atomics.store(flag, 0, 1);
    try { for (;;) op.check(); } finally { Atomics.store(flag, 1, 1); }
  };
  export const spin = (flag) => { Atomics.store(flag, 0, 1); for (;;); };
  export async function* count(to) { for (let n = 1; n <= to; n++) yield n; }
  export const fail = () => { throw new RangeError("out of range", { cause: new TypeError("a type") }); };
`;

const threadsSource = `
  import { CancellationToken, sleep } from "@hother/cancelable";
  import { PiscinaPool, runInThread, settleInThread, streamFromThread } from "@hother/cancelable/threads";
  const work = (name) => ({ module: new URL("/work.js", location.href), export: name });
  const cancelled = async (name, pool, options) => {
    const flag = new Int32Array(new SharedArrayBuffer(8));
    const token = new CancellationToken();
    const ending = settleInThread(work(name), [flag], { pool, token, ...options });
    while (Atomics.load(flag, 0) === 0) await sleep(1);
    token.cancel("quota", "enough");
    const { status, ended, error, thread } = await ending;
    return [status, ended, error.reason, flag[1], thread > 0];
  };
  globalThis.runThreads = async () => {
    const pool = new PiscinaPool({ threads: 2 });
    const progress = [];
    const items = [];
    const sums = await Promise.all([1, 2, 3].map((n) => runInThread((a, b) => a + b, [n, 1], { pool })));
    const cooperative = await cancelled("obey", pool, { grace: 60_000 });
    const terminated = await cancelled("spin", pool, { grace: 500 });
    const again = await runInThread((n) => n, [7], { pool });
    for await (const item of streamFromThread(work("count"), [40], { pool, buffer: 2 })) items.push(item);
    const failed = await runInThread(work("fail"), [], { pool }).catch((error) => [error.name, error.message, error.cause.name]);
    const uncloneable = await runInThread(() => [() => 1], [], { pool }).catch((error) => error.message);
    const missing = await runInThread(work("nothing"), [], { pool }).catch((error) => error.message);
    const limited = (() => { try { new PiscinaPool({ resourceLimits: { stackSizeMb: 4 } }); } catch (error) { return error.code; } })();
    await pool.close();
    const closed = await runInThread((n) => n, [7], { pool }).catch((error) => error.code);
    return { sums, cooperative, terminated, again, items: items.length, failed, uncloneable, missing, limited, closed };
  };
  globalThis.refusedThread = () => runInThread(() => 1, []).catch((error) => error.message);
`;

const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  const files = new Map<string, readonly [type: string, text: string]>();
  const server = createServer(({ url = "" }, response) => {
    const script = url.endsWith("/threads") ? "threads.js" : "page.js";
    const [type, text] = files.get(url) ?? ["text/html", `<script type="module" src="/${script}"></script>`];
    response.writeHead(200, { "content-type": type, ...(url.startsWith("/plain") ? {} : headers) });
    response.end(text);
  });
  let origin = "";

  beforeAll(async () => {
    files.set("/worker.js", ["text/javascript", await bundleForPage(workerSource)]);
    files.set("/page.js", ["text/javascript", await bundleForPage(pageSource)]);
    files.set("/threads.js", ["text/javascript", await bundleForPage(threadsSource)]);
    files.set("/threads/web-worker.js", ["text/javascript", await bundleForPage(poolWorkerSource)]);
    files.set("/work.js", ["text/javascript", workSource]);
    await new Promise<void>((resolve) => server.listen(0, resolve));
    origin = `http://localhost:${(server.address() as AddressInfo).port}`; // it listens on a port
  });
  afterAll(() => {
    server.close();
  });

  async function inPage(path: string, name: string): Promise<unknown> {
    const browser = await chromium.launch({ executablePath: chromiumPath as string, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      await page.goto(origin + path);
      await page.waitForFunction(`${name} !== undefined`);
      return await page.evaluate(`${name}()`);
    } finally {
      await browser.close();
    }
  }

  test("a page that is cross-origin isolated and its worker cancel each other, also without waitAsync", async () => {
    expect(await inPage("/isolated", "globalThis.cancelEachOther")).toEqual([
      "started",
      "from the page",
      "from the worker",
      "from the worker",
    ]);
  }, 60_000);

  test("a page that is cross-origin isolated runs calls in Web Workers, as the other hosts do in threads", async () => {
    expect(await inPage("/isolated/threads", "globalThis.runThreads")).toEqual({
      sums: [2, 3, 4],
      cooperative: ["cancelled", "cooperative", "quota", 1, true],
      terminated: ["cancelled", "terminated", "quota", 0, true],
      again: 7,
      items: 40,
      failed: ["RangeError", "out of range", "TypeError"],
      uncloneable: expect.stringContaining("the result[0] cannot be sent to another thread"),
      missing: expect.stringContaining('has no export "nothing"'),
      limited: "ERR_UNSUPPORTED_HOST",
      closed: "ERR_CLOSED",
    });
  }, 60_000);

  test("another page is told the two headers that are missing", async () => {
    expect(await inPage("/plain/threads", "globalThis.refusedThread")).toContain(
      "Cross-Origin-Opener-Policy: same-origin",
    );
    const refusal = await inPage("/plain", "globalThis.refusal");
    expect(refusal).toContain("Cross-Origin-Opener-Policy: same-origin");
    expect(refusal).toContain("Cross-Origin-Embedder-Policy: require-corp");
  }, 60_000);
});
