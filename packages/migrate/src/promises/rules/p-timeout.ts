import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, keyName, plainArguments, type Syntax } from "../syntax.ts";

const suggestion = "Use withTimeout(ms, promise).";

/** The package `p-timeout`. */
export const pTimeout: PromiseRule = {
  rows: [
    {
      name: "p-timeout",
      api: "p-timeout",
      class: "R",
      summary:
        "`pTimeout(p, { milliseconds })` and `pTimeout(p, 1000)`, awaited or returned; other options are marked.",
      target: "withTimeout(ms, p)",
    },
  ],
  find(file) {
    const found = [...file.names.top.bindings.values()].flatMap((binding) => {
      const origin = file.imports.origin(binding);
      return origin?.module === "p-timeout" ? [{ binding, name: origin.name }] : [];
    });
    const testsError = found.some(({ name }) => name === "TimeoutError");
    for (const { binding, name } of found) {
      for (const use of binding.references) file.add(findingFor(file, use, name, testsError));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string, testsError: boolean): Finding {
  const base = {
    rule: "p-timeout",
    api: imported === "default" ? "p-timeout" : `p-timeout.${imported}`,
    node: use,
  };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const call = use.parent;
  if (imported === "TimeoutError") return mark("The error becomes a TimeoutCancellation.");
  if (imported !== "default" || call?.type !== "CallExpression" || call.callee !== use) {
    return mark("It is not called here.");
  }
  if (testsError) return mark("The file tests for the TimeoutError of p-timeout.");
  const [promise, limit, ...others] = plainArguments(call) ?? [];
  if (promise === undefined || limit === undefined || others.length > 0)
    return mark("It has a message or a fallback.");
  const ms = milliseconds(bare(limit));
  if (ms === undefined) return mark("It has a message, a fallback, a signal or custom timers.");
  if (file.hasComment(call.start, call.end, promise, ms)) return mark("A rewrite would lose a comment.");
  const held = call.parent?.type;
  if (held !== "AwaitExpression" && held !== "ReturnStatement" && held !== "ArrowFunctionExpression") {
    return mark("Its promise is kept, and may be used with clear().");
  }
  return {
    ...base,
    class: "R",
    reason:
      "The error becomes a TimeoutCancellation. A `cancel()` method of the promise is no longer called.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      const name = file.imports.use("withTimeout", use);
      return [
        { start: call.start, end: call.end, text: `${name}(${file.slice(ms)}, ${file.slice(promise)})` },
      ];
    },
  };
}

/** The limit in `{ milliseconds: ms }`, or a number literal. */
function milliseconds(limit: Syntax): Syntax | undefined {
  if (limit.type === "Literal") return typeof limit.value === "number" ? limit : undefined;
  if (limit.type !== "ObjectExpression" || limit.properties.length !== 1) return undefined;
  const only = limit.properties[0] as Syntax;
  return keyName(only) === "milliseconds" ? only.value : undefined;
}
