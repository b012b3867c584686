import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { useBuiltFiles } from "./tools/hosts/built-files.ts";
import { overBuiltFiles } from "./tools/hosts/left-out.ts";

const core = fileURLToPath(new URL("packages/cancelable/src", import.meta.url));
const backends = fileURLToPath(new URL("packages/backends/src", import.meta.url));
const integrations = fileURLToPath(new URL("packages/integrations/src", import.meta.url));
const terminal = fileURLToPath(new URL("packages/terminal/src", import.meta.url));
const migrate = fileURLToPath(new URL("packages/migrate/src", import.meta.url));

/** The source, not the build; host modules of Node, as `imports` in the package chooses them. */
const sources = [
  { find: /^#platform\/(.*)$/, replacement: `${core}/platform/$1.node.ts` },
  { find: /^@hother\/cancelable-integrations\/(.*)$/, replacement: `${integrations}/$1/index.ts` },
  { find: "#terminal", replacement: `${terminal}/platform/terminal.node.ts` },
  { find: /^@hother\/cancelable\/(.*)$/, replacement: `${core}/$1/index.ts` },
  { find: /^@hother\/cancelable$/, replacement: `${core}/index.ts` },
  { find: /^@hother\/cancelable-backends\/(.*)$/, replacement: `${backends}/$1/index.ts` },
  { find: "@hother/cancelable-migrate/engine", replacement: `${migrate}/engine/index.ts` },
];

export default defineConfig({
  plugins: overBuiltFiles ? [useBuiltFiles()] : [],
  resolve: { alias: overBuiltFiles ? [] : sources },
  test: {
    // Node itself loads the built files.
    server: { deps: { external: overBuiltFiles ? [/\/packages\/[^/]+\/dist\//] : [] } },
    include: [
      "packages/*/test/**/*.test.ts",
      "examples/**/*.test.ts",
      "demo/**/*.test.ts",
      "bench/**/*.test.ts",
      "site/{pictures,playground}/**/*.test.ts",
      "tools/*.test.ts",
    ],
    // Rejections that nobody handles fail the run; that is part of what is tested.
    dangerouslyIgnoreUnhandledErrors: false,
    coverage: {
      include: ["packages/*/src/**"],
      // Code for browsers: the tests in Chromium run it, see vitest.browser.config.ts.
      exclude: ["packages/cancelable/src/**/*.web.ts"],
      reporter: ["text-summary", "text"],
      // A comment `v8 ignore` in the source gives the reason where a branch is not counted.
      thresholds: {
        "packages/cancelable/src/**": { branches: 100, functions: 100, lines: 100, statements: 100 },
      },
    },
    // The second one checks that every listed behaviour has a test, after a run of everything.
    reporters: ["default", "./tools/conformance-reporter.mjs"],
    setupFiles: ["tools/hosts/setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A machine can stand still for longer than the default of 1 s.
    expect: { poll: { timeout: 15_000 } },
  },
});
