import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";
import { nodeModulesSkipTests } from "./tools/hosts/node-modules-plugin.mjs";

const core = fileURLToPath(new URL("packages/cancelable/src", import.meta.url));
export default defineConfig({
  plugins: [nodeModulesSkipTests()],
  resolve: {
    alias: [
      { find: /^#(host|platform)\/ambient$/, replacement: fileURLToPath(new URL("tools/hosts/ambient.browser.ts", import.meta.url)) },
      { find: /^#(host|platform)\/(.*)$/, replacement: `${core}/platform/$2.web.ts` },
      ...(base.resolve!.alias as any[]),
    ],
  },
  optimizeDeps: { include: ["effect", "effect/testing", "effection", "effection/experimental", "fast-check", "log-update"] },
  test: {
    include: ["packages/cancelable/test/**/*.test.ts", "packages/backends/test/**/*.test.ts"],
    setupFiles: ["./tools/hosts/setup.browser.ts"],
    testTimeout: 3_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] } }),
      instances: [{ browser: "chromium" }],
    },
  },
});
