import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath } from "../../tools/hosts/chromium.mjs";

/** axe, where the packages of the site or of an example are installed. */
const axeFile = [
  "../node_modules/axe-core/axe.min.js",
  "../../examples/react/node_modules/axe-core/axe.min.js",
]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));

interface AxeResult {
  readonly violations: ReadonlyArray<{ readonly id: string }>;
}

const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

describe.skipIf(chromiumPath === undefined)("the playground in a page of Chromium", () => {
  let folder = "";
  let policy: string | undefined;
  const server = createServer(({ url = "/" }, answer) => {
    const name = url === "/" ? "/harness.html" : new URL(url, "http://localhost").pathname;
    try {
      const body = readFileSync(join(folder, name));
      answer.writeHead(200, {
        "content-type": types[extname(name)] ?? "application/octet-stream",
        ...(policy === undefined ? {} : { "content-security-policy": policy }),
      });
      answer.end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  let browser: Browser;
  let address = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "playground-"));
    // As a site builds it: the library's files for browsers, and the worker as a file of its own.
    const root = fileURLToPath(new URL(".", import.meta.url));
    await build({
      root,
      base: "./",
      configFile: false,
      logLevel: "error",
      worker: { format: "es" },
      build: { outDir: folder, emptyOutDir: true, rollupOptions: { input: join(root, "harness.html") } },
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: chromiumPath as string, args: ["--no-sandbox"] });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width = 900): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(address);
    await page.locator(".pg-run").waitFor();
    return page;
  }

  const textOf = async (page: Page, selector: string): Promise<string> =>
    (await page.locator(selector).textContent()) ?? "";

  async function runToEnd(page: Page, code?: string): Promise<string> {
    if (code !== undefined) await page.locator(".pg-code").fill(code);
    await page.locator(".pg-run").click();
    await page.locator('.playground[data-state="idle"]').waitFor({ timeout: 15_000 });
    return textOf(page, ".pg-status");
  }

  /** The bars with their kinds and ends, from the description for screen readers. */
  const barsOf = async (page: Page): Promise<string[]> => {
    const description = await textOf(page, ".pg-picture desc");
    return description
      .split(/\.(?: |$)/)
      .map((sentence) => /^(.+), ([^:]+): from [^,]+, ([^,]+)/.exec(sentence))
      .filter((match) => match !== null)
      .map(([, name, kind, end]) => `${name} (${kind}): ${end}`);
  };

  test("a limit over three downloads ends the two that are too slow", async () => {
    const page = await open();
    expect(await runToEnd(page)).toBe("The program has ended.");
    expect(await barsOf(page)).toEqual([
      "page (operation): cancelled: timeout",
      "html (promise): completed",
      "image (promise): cancelled: timeout",
      "video (promise): cancelled: timeout",
    ]);
    expect(await textOf(page, ".pg-output")).toBe('cancelled operation "page" timed out after 1.2 s\n');
    await page.close();
  });

  test("the loser of Promise.race goes on, and the loser of race is cancelled", async () => {
    const page = await open();
    await page.locator(".pg-example").nth(1).click();
    expect(await runToEnd(page)).toBe("The program has ended.");
    const bars = await barsOf(page);
    const [, ranUntil] = /^mirror 2 \(promise\): ran on until ([\d.]+) s$/.exec(bars[2] ?? "") ?? [];
    expect(Number(ranUntil)).toBeGreaterThanOrEqual(1.3);
    expect(bars.toSpliced(2, 1)).toEqual([
      "Promise.race (async function): completed",
      "mirror 1 (promise): completed",
      "race (operation): completed",
      "mirror 3 (promise): completed",
      "mirror 4 (promise): cancelled: superseded",
    ]);
    expect(await textOf(page, ".pg-output")).toBe("winner: mirror 3\n");
    await page.close();
  });

  test("a limit waits for a promise that does not see it", async () => {
    const page = await open();
    await page.locator(".pg-example").nth(2).click();
    expect(await runToEnd(page)).toBe("The program has ended.");
    expect(await barsOf(page)).toEqual([
      "report (operation): completed in spite of: timeout",
      "query (promise): completed",
    ]);
    // The line that the example proposes.
    const code = await page.locator(".pg-code").inputValue();
    await runToEnd(page, code.replace('download("query", 1_500)', 'download("query", 1_500, op)'));
    expect(await barsOf(page)).toEqual([
      "report (operation): cancelled: timeout",
      "query (promise): cancelled: timeout",
    ]);
    await page.close();
  });

  test("the time line is drawn while the program runs", async () => {
    const page = await open();
    await page.locator(".pg-code").fill(
      `import { Cancellable } from "@hother/cancelable";
       import { download } from "playground";
       await new Cancellable({ name: "live" }).run((op) => download("step", 60_000, op));`,
    );
    await page.locator(".pg-run").click();
    await page.getByText("running").first().waitFor();
    expect(await barsOf(page)).toEqual(["live (operation): running", "step (promise): running"]);
    await page.locator(".pg-stop").click();
    expect(await textOf(page, ".pg-status")).toBe("You have stopped the program.");
    await page.close();
  });

  test("an endless loop does not freeze the page, and Stop ends it", async () => {
    const page = await open();
    await page.locator(".pg-code").fill("for (;;);");
    await page.locator(".pg-run").click();
    await page.getByText("Running …").waitFor();
    // The page answers while the loop runs.
    const frames = await page.evaluate(async () => {
      let count = 0;
      while (count < 10) await new Promise((resolve) => requestAnimationFrame(() => resolve(count++)));
      return count;
    });
    expect(frames).toBe(10);
    expect(await textOf(page, ".pg-status")).toBe("Running …");
    await page.locator(".pg-stop").click();
    expect(await textOf(page, ".pg-status")).toBe("You have stopped the program.");
    // A new run has a worker of its own.
    expect(await runToEnd(page, "console.log(1 + 1);")).toBe("The program has ended.");
    expect(await textOf(page, ".pg-output")).toBe("2\n");
    await page.close();
  });

  test("a program ends after 5 s", async () => {
    const page = await open();
    expect(await runToEnd(page, "for (;;);")).toBe("The program was ended after 5 s.");
    await page.close();
  });

  test("errors are shown", async () => {
    const page = await open();
    expect(await runToEnd(page, "const = 1;")).toBe("The program has failed.");
    expect(await textOf(page, ".pg-output")).toContain("SyntaxError");
    await runToEnd(page, 'throw new RangeError("too much");');
    expect(await textOf(page, ".pg-output")).toBe("RangeError: too much\n");
    await runToEnd(page, 'import { fetch } from "undici";');
    expect(await textOf(page, ".pg-output")).toBe(
      'SyntaxError: there is no module "undici" here, only @hother/cancelable and playground\n',
    );
    await runToEnd(page, 'import { sleeep } from "@hother/cancelable";');
    expect(await textOf(page, ".pg-output")).toBe(
      'SyntaxError: "@hother/cancelable" has no export named sleeep\n',
    );
    expect(await runToEnd(page, 'void Promise.reject(new Error("lost")); console.log("on");')).toBe(
      "The program has ended.",
    );
    await page.close();
  });

  test("markup in names and output is text", async () => {
    const page = await open();
    const code = `import { Cancellable } from "@hother/cancelable";
      await new Cancellable({ name: "<img src=x onerror=alert(1)>" }).run(() => {});
      console.log("<b>bold</b>");`;
    await runToEnd(page, code);
    expect(await page.locator(".playground img, .playground b").count()).toBe(0);
    expect(await textOf(page, ".pg-output")).toBe("<b>bold</b>\n");
    await page.close();
  });

  test("a policy without eval is said", async () => {
    policy = "script-src 'self'; style-src 'self' 'unsafe-inline'";
    try {
      const page = await open();
      expect(await runToEnd(page)).toContain("content security policy of this page forbids");
      await page.close();
    } finally {
      policy = undefined;
    }
  });

  test("the keyboard reaches everything, and Ctrl+Enter runs the program", async () => {
    const page = await open();
    const reached: string[] = [];
    for (let i = 0; i < 7; i++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement?.className ?? ""));
    }
    expect(reached).toEqual([
      "pg-example",
      "pg-example",
      "pg-example",
      "pg-code",
      "pg-run",
      "pg-stop",
      "pg-output",
    ]);
    await page.locator(".pg-code").focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.type('console.log("typed")');
    await page.keyboard.press("Control+Enter");
    await page.getByText("The program has ended.").waitFor();
    expect(await textOf(page, ".pg-output")).toBe("typed\n");
    await page.close();
  });

  test.skipIf(axeFile === undefined).each(["light", "dark"])(
    "axe finds nothing in the playground, %s, after a run with an error",
    async (scheme) => {
      const page = await open();
      await page.evaluate(
        (name) => document.documentElement.classList.toggle("dark", name === "dark"),
        scheme,
      );
      // The ground of the site around it.
      await page.evaluate((name) => {
        document.body.style.background = name === "dark" ? "#1b1b1f" : "#ffffff";
        document.body.style.color = name === "dark" ? "#dfdfd6" : "#3c3c43";
      }, scheme);
      await runToEnd(page);
      const code = await page.locator(".pg-code").inputValue();
      await runToEnd(page, `console.warn("careful");\n${code}\nthrow new Error("late");`);
      await page.evaluate(readFileSync(axeFile as string, "utf8"));
      const result = await page.evaluate(() =>
        (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run(),
      );
      expect(result.violations.map(({ id }) => id)).toEqual([]);
      await page.close();
    },
  );

  test("on a phone the drawing has the width of the page", async () => {
    const page = await open(390);
    await runToEnd(page);
    const drawn = await page.locator(".pg-picture svg").boundingBox();
    const room = await page.locator(".pg-picture").boundingBox();
    expect(Math.round(drawn?.width ?? 0)).toBe(Math.round(room?.width ?? 0));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.close();
  });
});
