import type { Reporter, TestModule } from "vitest/node";
import { type Host, host, isFor, leftOut, matches } from "./left-out.ts";

/** Ends a run with its failures, the tests that were left out, by reason, and its figures. */
export default class HostReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    const reasons = new Map<string, Map<string, number>>();
    const failures: string[] = [];
    const unused = new Set(leftOut.filter((entry) => isFor(entry, hostOf(modules))));
    for (const module of modules) {
      const file = module.relativeModuleId.replace(/^.*\//, "");
      for (const test of module.children.allTests()) {
        const result = test.result();
        counts[result.state]++;
        if (result.state === "failed")
          failures.push(`failed: ${file} > ${test.fullName}: ${result.errors[0]?.message ?? "no message"}`);
        if (result.state !== "skipped") continue;
        const reason = result.note ?? "the test file skips it";
        const files = reasons.get(reason) ?? new Map<string, number>();
        reasons.set(reason, files.set(file, (files.get(file) ?? 0) + 1));
        for (const entry of unused)
          if (matches(entry, `/${module.relativeModuleId}`, test.fullName)) unused.delete(entry);
      }
    }
    for (const failure of failures) console.log(failure);
    for (const [reason, files] of reasons) {
      const list = [...files].map(([file, count]) => `${file} (${count})`).join(", ");
      console.log(`left out: ${list}: ${reason}`);
    }
    for (const { file, title } of unused) {
      console.log(`tools/hosts/left-out.ts names tests that are not there: ${file} ${title ?? ""}`);
      process.exitCode = 1;
    }
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  }
}

function hostOf(modules: readonly TestModule[]): Host {
  return modules.some((module) => module.project.isBrowserEnabled()) ? "browser" : host;
}
