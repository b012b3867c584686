import type { Finding } from "../finding.ts";
import { privateUses } from "../private-uses.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { isFunction, methodCall, plainArguments, type Syntax } from "../syntax.ts";

/** The package `async-sema`. */
export const asyncSema: PromiseRule = {
  rows: [
    {
      name: "async-sema",
      api: "async-sema",
      class: "R",
      summary:
        "A local constant or private field whose uses are the statements `await acquire()`, outside of a `try`, and `release()`, and `nrWaiting()`; others are marked.",
      target: "new Semaphore(n), acquire(), release(), waiting",
    },
  ],
  find(file) {
    for (const binding of file.names.top.bindings.values()) {
      const origin = file.imports.origin(binding);
      if (origin?.module !== "async-sema") continue;
      for (const use of binding.references) file.add(findingFor(file, use, origin.name));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string): Finding {
  const suggestion =
    imported === "RateLimit"
      ? "Use new RateLimiter({ limit, per }) and limiter.acquire()."
      : "Use new Semaphore(n) and semaphore.run(fn).";
  const base = { rule: "async-sema", api: `async-sema.${imported}`, node: use };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const made = use.parent;
  if (imported !== "Sema") return mark("It has no single counterpart.");
  if (made?.type !== "NewExpression" || made.callee !== use || plainArguments(made)?.length !== 1)
    return mark("It is not created here, or it has options.");
  const uses = privateUses(file, made);
  if (uses === undefined) return mark("It is not a constant or private field of this file.");
  const counts = uses.map(waitingCount);
  if (
    uses.length === 0 ||
    uses.some((each, i) => counts[i] === undefined && !isAcquire(each) && !isRelease(each))
  )
    return mark("It has uses whose token is used, or whose cancelled wait would be followed by a release.");
  return {
    ...base,
    class: "R",
    reason: "Waiting for it ends when the scope is cancelled. Give the permits back in a `finally`.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      return [
        { start: use.start, end: use.end, text: file.imports.use("Semaphore", use) },
        ...counts.filter((change) => change !== undefined),
      ];
    },
  };
}

/** The statement `await sema.acquire();` outside of a `try`, which might release after a wait that was cancelled. */
function isAcquire(use: Syntax): boolean {
  const found = methodCall(use, "acquire");
  const waiting = found?.call.parent;
  if (found?.call.arguments.length !== 0 || waiting?.type !== "AwaitExpression") return false;
  if (waiting.parent?.type !== "ExpressionStatement") return false;
  for (let at: Syntax = waiting; at.parent !== undefined && !isFunction(at); at = at.parent) {
    if (at.parent.type === "TryStatement" && at.parent.block === at) return false;
  }
  return true;
}

/** The statement `sema.release();`. */
function isRelease(use: Syntax): boolean {
  const found = methodCall(use, "release");
  return found?.call.arguments.length === 0 && found.call.parent?.type === "ExpressionStatement";
}

/** The change of `sema.nrWaiting()`. */
function waitingCount(use: Syntax): { start: number; end: number; text: string } | undefined {
  const found = methodCall(use, "nrWaiting");
  if (found?.call.arguments.length !== 0) return undefined;
  return { start: found.name.start, end: found.call.end, text: "waiting" };
}
