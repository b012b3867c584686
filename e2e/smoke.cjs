// Facts about the packages for code that calls `require`, on every host that has it. Prints "N passed, N failed".
const { dirname, join } = require("node:path");

const name = "@hother/cancelable";
const folder = dirname(require.resolve(`${name}/package.json`));
const { exports: entries } = require(`${name}/package.json`);
const names = Object.keys(entries)
  .filter((entry) => entry !== "./package.json")
  .map((entry) => name + entry.slice(1));
const common = (file) => require(join(folder, "dist/cjs", file));

/** Each throws, or resolves with the expected and the actual value. */
const facts = {
  // Node and others load the ES module for `require`: there is one copy of the classes.
  ...Object.fromEntries(
    names.map((entry) => [
      `require("${entry}") and import("${entry}") give the same`,
      async () => {
        const imported = await import(entry);
        const required = require(entry);
        return [[], Object.keys(imported).filter((key) => imported[key] !== required[key])];
      },
    ]),
  ),
  // Jest loads these files, which know nothing of the ES modules.
  "the CommonJS files have the names of the ES modules": async () => {
    const wrong = [];
    for (const entry of names) {
      const file = `${entry === name ? "index" : entry.slice(name.length + 1)}.cjs`;
      const [imported, required] = [Object.keys(await import(entry)), Object.keys(common(file))];
      if (
        imported
          .filter((key) => key !== "default")
          .sort()
          .join() !== required.sort().join()
      )
        wrong.push(file);
    }
    return [[], wrong];
  },
  "a limit in CommonJS files": async () => {
    const { CancelScope, sleep } = common("index.cjs");
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(() => sleep(60_000));
    return [true, scope.cancelledCaught];
  },
  "virtual time in CommonJS files": async () => {
    const { moveOnAfter, run, sleep } = common("index.cjs");
    const { VirtualBackend } = common("testing.cjs");
    const backend = new VirtualBackend();
    await run(() => moveOnAfter(3_600_000, () => sleep(7_200_000)), { backend });
    return [3_600_000, backend.now()];
  },
};

void (async () => {
  let passed = 0;
  const failures = [];
  // The two copies in this process warn of each other.
  console.warn = () => {};
  for (const [title, fact] of Object.entries(facts)) {
    try {
      const [expected, actual] = (await fact()).map((value) => JSON.stringify(value));
      if (expected === actual) passed++;
      else failures.push(`${title}: expected ${expected}, got ${actual}`);
    } catch (error) {
      failures.push(`${title}: ${error.stack}`);
    }
  }
  console.log(`${failures.join("\n")}\n${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length;
})();
