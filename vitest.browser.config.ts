import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { substituteNodeModules } from "./tools/hosts/browser/node-modules.ts";
import { chromiumPath } from "./tools/hosts/chromium.mjs";
import base from "./vitest.config.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Chromium of this machine, or the Firefox of Playwright: `BROWSER=firefox`. */
const browser = () => {
  const options = { enabled: true, headless: true, screenshotFailures: false };
  if (process.env["BROWSER"] === "firefox")
    return { ...options, provider: playwright(), instances: [{ browser: "firefox" as const }] };
  return {
    ...options,
    provider: playwright({ launchOptions: { executablePath: chromiumPath, args: ["--no-sandbox"] } }),
    instances: [{ browser: "chromium" as const }],
  };
};

/** The tests in a page of a browser. */
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [substituteNodeModules()],
        resolve: {
          alias: [
            // The library's modules for browsers. The first entry that matches counts.
            { find: "#platform/ambient", replacement: path("tools/hosts/browser/ambient.ts") },
            {
              find: /^#platform\/(.*)$/,
              replacement: `${path("packages/cancelable/src/platform")}/$1.web.ts`,
            },
            { find: "#terminal", replacement: path("packages/terminal/src/platform/terminal.web.ts") },
            ...(base.resolve?.alias as []),
          ],
        },
        // Known from the start: Vite would load the page again for each one that it finds later.
        optimizeDeps: {
          include: [
            "effect",
            "effect/testing",
            "effection",
            "effection/experimental",
            "fast-check",
            "log-update",
          ],
        },
        test: {
          name: "suite",
          include: ["packages/*/test/**/*.test.ts"],
          // Threads and processes are those of Node, and the pages are files. The shared token has a test of its own in an isolated page.
          // Drivers of databases and queues need sockets or native modules, and cannot even be loaded in a page.
          exclude: [
            "packages/migrate*/**",
            "packages/cancelable/test/{threads,process,docs}/**",
            "packages/integrations/test/{better-sqlite3,bullmq,drizzle,graphile-worker,ioredis,kysely,mongodb,mysql2}/**",
            "packages/integrations/test/{node-sqlite,pg,pg-boss,postgres,prisma,redis,servers,temporal}/**",
          ],
          setupFiles: [path("tools/hosts/browser/setup.ts"), path("tools/hosts/setup.ts")],
          // A test that has lost its scope may wait for ever, and leaves waits behind that reject when the page closes
          // the scope around them. Unhandled rejections of the library fail the run on every other host.
          testTimeout: 5_000,
          dangerouslyIgnoreUnhandledErrors: true,
          browser: browser(),
        },
      },
      {
        // The packages as users get them: from dist, bundled as `exports` and `imports` choose for browsers.
        optimizeDeps: {
          include: [
            "@hother/cancelable",
            "@hother/cancelable/testing",
            "@hother/cancelable-backends/effect",
            "@hother/cancelable-backends/effection",
          ],
          // A new build is no new version.
          force: true,
        },
        test: { name: "built packages", include: ["e2e/*.test.ts"], browser: browser() },
      },
    ],
  },
});
