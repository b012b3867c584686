/* oxlint-disable typescript/no-floating-promises -- the runner waits for its tests */
// The example in Chromium, as a development build (StrictMode mounts each component twice) and as a production build.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);
const types = { ".html": "text/html", ".js": "text/javascript" };
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** A request for hits. The test decides when it is answered. */
class Request {
  /** @param {import("node:http").ServerResponse} response */
  constructor(query, response) {
    this.query = query;
    this.response = response;
    /** Resolves when the connection is closed, with whether the whole answer was sent. */
    this.closed = new Promise((resolve) => response.on("close", () => resolve(response.writableFinished)));
  }
  begin(total) {
    this.response.writeHead(200, { "content-type": "application/x-ndjson", "x-total": String(total) });
  }
  send(hit) {
    this.response.write(`${JSON.stringify(hit)}\n`);
  }
}

/** Serves a folder, and hands the requests for hits to the test. */
function serve(folder) {
  const waiting = [];
  const arrived = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname === "/search") {
      const asked = new Request(url.searchParams.get("q"), response);
      const next = waiting.shift();
      if (next === undefined) arrived.push(asked);
      else next(asked);
      return;
    }
    const name = url.pathname === "/" ? "/index.html" : url.pathname;
    try {
      response.setHeader("content-type", types[extname(name)] ?? "application/octet-stream");
      response.end(readFileSync(join(folder, name)));
    } catch {
      response.writeHead(404).end();
    }
  });
  /** The next request for hits. */
  const next = () =>
    arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve));
  return { server, next };
}

for (const mode of ["development", "production"]) {
  describe(`${mode} build`, { skip: executablePath === undefined && "Chromium is not installed" }, () => {
    const folder = mkdtempSync(join(tmpdir(), "react-"));
    const { server, next } = serve(folder);
    let browser;
    let page;
    const warnings = [];

    before(async () => {
      process.env.NODE_ENV = mode;
      await build({
        root: fileURLToPath(new URL(".", import.meta.url)),
        mode,
        logLevel: "error",
        build: { outDir: folder, emptyOutDir: true, minify: mode === "production" },
      });
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    });
    after(async () => {
      await browser?.close();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const status = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
    const history = () =>
      page.getByRole("region", { name: "History" }).getByRole("listitem").allTextContents();
    const ended = async (...expected) => {
      await page.waitForFunction(
        (count) => document.querySelectorAll("ol li").length >= count,
        expected.length,
      );
      assert.deepEqual(await history(), expected);
    };
    // A run that was cancelled while it waited for the user to stop typing has sent no request.
    const first = mode === "development" ? ["search cancelled unmounted"] : [];

    test("the first hits are loaded once, also when StrictMode mounts the component twice", async () => {
      page = await browser.newPage();
      page.setDefaultTimeout(15_000);
      page.on("console", (message) => {
        if (message.type() === "warning" || message.type() === "error") warnings.push(message.text());
      });
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const request = await next();
      assert.equal(request.query, "");
      request.begin(1);
      request.response.end('"welcome"\n');
      await status("1 hits");
      await ended(...first, "search completed");
    });

    test("a newer text closes the connection of the request before, with the reason superseded", async () => {
      const input = page.getByRole("searchbox");
      await input.fill("a");
      const old = await next();
      assert.equal(old.query, "a");
      old.begin(3);
      old.send("apple");
      await status("searching: 1 of 3 hits");
      await input.fill("ab");
      assert.equal(await old.closed, false);
      const request = await next();
      assert.equal(request.query, "ab");
      request.begin(2);
      request.send("abacus");
      request.response.end('"abbey"\n');
      await status("2 hits");
      assert.deepEqual(
        await page.getByRole("list", { name: "Hits" }).getByRole("listitem").allTextContents(),
        ["abacus", "abbey"],
      );
      await ended(...first, "search completed", "search cancelled superseded", "search completed");
    });

    test("Stop cancels the request, and the state says why", async () => {
      await page.getByRole("searchbox").fill("abc");
      const request = await next();
      await page.getByRole("button", { name: "Stop" }).click();
      assert.equal(await request.closed, false);
      await status("stopped (manual): the user has pressed Stop");
    });

    test("an error of the server is the state failed", async () => {
      await page.getByRole("searchbox").fill("abcd");
      const request = await next();
      request.response.writeHead(503).end();
      await status("failed: the server answered 503");
    });

    test("the end of the component closes the connection, with the reason unmounted", async () => {
      await page.getByRole("searchbox").fill("last");
      const request = await next();
      request.begin(2);
      request.send("one");
      await status("searching: 1 of 2 hits");
      await page.getByRole("button", { name: "Close the search" }).click();
      assert.equal(await request.closed, false);
      await ended(
        ...first,
        "search completed",
        "search cancelled superseded",
        "search completed",
        "search cancelled manual",
        "search failed",
        "search cancelled unmounted",
      );
    });

    test("axe finds nothing, and neither React nor the library warns", async () => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(
        violations.map(({ id }) => id),
        [],
      );
      // The browser itself reports the answer 503.
      assert.deepEqual(
        warnings.filter((text) => !text.includes("503")),
        [],
      );
    });
  });
}
