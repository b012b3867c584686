// A vitest reporter: compares the ids in the titles of the tests that passed with the lists of promised behaviours.
// A run of the whole suite fails when an item has neither a passing test nor a reason for its absence, or when a title
// names an id or a rule that does not exist. Partial runs are not judged. The record of a whole run is the input of `npm run conformance`.
import { mkdirSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { idPattern, readBenchmarks, readLists, readRules, root } from "./conformance-lists.mjs";

/** @import { Reporter, TestCase, TestModule, Vitest } from "vitest/node" */

export const record = "docs/.generated/conformance.json";

/** @implements {Reporter} */
export default class ConformanceReporter {
  /** @type {Vitest | undefined} */
  #vitest;

  /** @param {Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest;
  }

  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} _errors
   * @param {string} reason
   */
  async onTestRunEnd(modules, _errors, reason) {
    if (this.#vitest === undefined || !(await isWholeRun(this.#vitest, modules, reason))) return;
    const { lists, problems } = readLists();
    const items = lists.flatMap((list) => list.items);
    const known = [...items.map(({ id }) => id), ...readRules()];

    /** @type {Record<string, Array<{ file: string, title: string }>>} */
    const covered = Object.fromEntries(known.map((id) => [id, []]));
    const unknown = new Set();
    const cover = (/** @type {string} */ id, /** @type {string} */ file, /** @type {string} */ title) => {
      const tests = covered[id];
      if (tests === undefined) unknown.add(`${file}: "${title}" names ${id}, which does not exist`);
      else if (!tests.some((one) => one.file === file && one.title === title)) tests.push({ file, title });
    };
    for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
      const passed = test.result().state === "passed";
      for (const [id] of test.fullName.matchAll(idPattern)) {
        if (passed || covered[id] === undefined)
          cover(id, relative(root, test.module.moduleId), titleOf(test));
      }
    }
    for (const { file, about, covers } of await readBenchmarks())
      for (const id of covers) cover(id, file, `measured: ${about}`);

    problems.push(...unknown);
    for (const rule of readRules())
      if (covered[rule]?.length === 0) problems.push(`${rule} of docs/contract.md has no passing test`);
    for (const { id, absent } of items) {
      const isCovered = covered[id]?.length !== 0;
      if (isCovered && absent !== undefined) problems.push(`${id} has a test, and is marked as absent`);
      if (!isCovered && absent === undefined)
        problems.push(`${id} has no passing test, and no reason for that`);
    }
    mkdirSync(`${root}docs/.generated`, { recursive: true });
    writeFileSync(`${root}${record}`, `${JSON.stringify(covered, null, 1)}\n`);
    for (const problem of problems) console.error(`conformance: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  }
}

/** Whether every test file of the configuration has run, without a filter on titles. */
async function isWholeRun(
  /** @type {Vitest} */ vitest,
  /** @type {readonly TestModule[]} */ modules,
  /** @type {string} */ reason,
) {
  if (reason === "interrupted" || vitest.config.testNamePattern !== undefined) return false;
  if (vitest.config.cliExclude !== undefined) return false;
  const ran = new Set(modules.map(({ moduleId }) => moduleId));
  const all = await vitest.globTestSpecifications();
  return all.every(({ moduleId }) => ran.has(moduleId));
}

/** The title without ids and without the name of the backend: one row for all backends. */
function titleOf(/** @type {TestCase} */ test) {
  return test.fullName
    .replaceAll(/\s*\((?:(?:CONF|PAR|VERB|SYNC|THR|PRC|HIN|HOUT|DL|SHD)-[\w-]+(?:, )?)+\)/g, "")
    .replace(/ \[[\w-]+\]$/, "")
    .replaceAll(" > ", ": ");
}
