import type { Finding } from "../finding.ts";
import { privateUses } from "../private-uses.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isInlineFunction, plainArguments, type Syntax } from "../syntax.ts";

const suggestion = "Use map(items, fn, { concurrency }), or a Semaphore and semaphore.run(fn).";

/** The package `p-limit`. */
export const pLimit: PromiseRule = {
  rows: [
    {
      name: "p-limit",
      api: "p-limit",
      class: "R",
      summary:
        "A local constant or private field that is only called, with one function; counters and `clearQueue` are marked.",
      target: "new Semaphore(n), semaphore.run(fn)",
    },
  ],
  find(file) {
    for (const binding of file.names.top.bindings.values()) {
      const origin = file.imports.origin(binding);
      if (origin?.module !== "p-limit") continue;
      for (const use of binding.references) file.add(findingFor(file, use, origin.name));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string): Finding {
  const base = { rule: "p-limit", api: "p-limit", node: use };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const call = use.parent;
  if (imported !== "default" || call?.type !== "CallExpression" || call.callee !== use) {
    return mark("It is not called here.");
  }
  const count = plainArguments(call)?.[0];
  if (count === undefined || call.arguments.length !== 1 || call.typeArguments)
    return mark("It has type arguments or several arguments.");
  if (bare(count).type === "ObjectExpression") return mark("It has options.");
  const uses = privateUses(file, call);
  if (uses === undefined) return mark("The limiter is no constant or private field of this file alone.");
  const calls = uses.map(limitedCall);
  if (calls.length === 0 || calls.includes(undefined)) {
    return mark("The limiter has other uses than calls with one function.");
  }
  return {
    ...base,
    class: "R",
    reason: "Waiting for a turn ends when the scope is cancelled. The semaphore does not take Infinity.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      const name = file.imports.use("Semaphore", use);
      return [
        { start: use.start, end: use.end, text: `new ${name}` },
        ...uses.map((each) => ({ start: each.end, end: each.end, text: ".run" })),
      ];
    },
  };
}

/** The call `limit(() => …)`. */
function limitedCall(use: Syntax): Syntax | undefined {
  const call = use.parent;
  if (
    call?.type !== "CallExpression" ||
    call.callee !== use ||
    call.arguments.length !== 1 ||
    call.typeArguments
  )
    return undefined;
  const fn = bare(call.arguments[0]);
  if (fn.type === "Identifier") return call;
  return isInlineFunction(fn) && fn.params.length === 0 ? call : undefined;
}
