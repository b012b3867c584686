// The smoke test in headless Chromium: in a page, and in a dedicated worker. Prints "N passed, N failed".
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);
if (executablePath === undefined) {
  console.log("skipped: no Chromium on this machine (Debian: apt-get install chromium)");
  process.exit(0);
}

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("web.mjs", import.meta.url))],
  bundle: true,
  format: "esm",
  platform: "browser",
  // Effection's main() loads one when it is called on Node.
  external: ["node:*"],
  write: false,
});
const script = outputFiles[0].text;

const page = `<!doctype html><title></title><script type="module" src="/smoke.js"></script>`;
const inWorker = `<!doctype html><title></title><script type="module">
  const worker = new Worker("/smoke.js", { type: "module" });
  worker.onmessage = ({ data }) => { document.title = JSON.stringify(data); };
  worker.onerror = (event) => { document.title = JSON.stringify({ passed: 0, failures: [event.message] }); };
</script>`;

const server = createServer(({ url }, response) => {
  const [type, text] =
    url === "/smoke.js" ? ["text/javascript", script] : ["text/html", url === "/worker" ? inWorker : page];
  response.writeHead(200, { "content-type": type }).end(text);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = server.address();

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let passed = 0;
let failed = 0;
try {
  for (const place of ["page", "worker"]) {
    const tab = await browser.newPage();
    const errors = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await tab.goto(`http://127.0.0.1:${port}/${place === "worker" ? "worker" : ""}`);
    await tab.waitForFunction(() => document.title !== "", undefined, { timeout: 60_000 });
    const result = JSON.parse(await tab.title());
    passed += result.passed;
    const failures = [...result.failures, ...errors];
    failed += failures.length;
    for (const failure of failures) console.error(`FAILED in a ${place}: ${failure}`);
    await tab.close();
  }
} finally {
  await browser.close();
  server.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
