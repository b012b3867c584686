import type { Finding } from "../finding.ts";
import { privateUses } from "../private-uses.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import {
  bare,
  isInlineFunction,
  keyName,
  memberName,
  methodCall,
  plainArguments,
  type Syntax,
} from "../syntax.ts";

const suggestion = "Use map(items, fn, { concurrency }), or a Semaphore and semaphore.run(fn).";

/** The package `p-limit`. */
export const pLimit: PromiseRule = {
  rows: [
    {
      name: "p-limit",
      api: "p-limit",
      class: "R",
      summary:
        "A local constant or private field that is called with one function, and its counters; `clearQueue()` with `rejectOnClear`, without it marked.",
      target:
        "new Semaphore(n), semaphore.run(fn); with counters new CapacityLimiter(n), borrowed, waiting, total, rejectWaiters(error)",
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
  const argument = plainArguments(call)?.[0];
  if (argument === undefined || call.arguments.length !== 1 || call.typeArguments)
    return mark("It has type arguments or several arguments.");
  const options = optionsOf(argument);
  if (options === undefined) return mark("It has options.");
  const uses = privateUses(file, call);
  if (uses === undefined) return mark("The limiter is no constant or private field of this file alone.");
  if (!options.rejects && uses.some((each) => memberName(each.parent) === "clearQueue"))
    return mark("Calls that clearQueue() removes never settle. rejectWaiters(error) rejects them.");
  const found = uses.map((each) => limitedCall(each) ?? member(each));
  if (found.length === 0 || found.includes(undefined)) {
    return mark("The limiter has other uses than calls with one function, and its counters.");
  }
  const rewrites = found as Rewrite[];
  const target = rewrites.every(({ isCall }) => isCall) ? "Semaphore" : "CapacityLimiter";
  return {
    ...base,
    class: "R",
    reason: "Waiting for a turn ends when the scope is cancelled.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      const name = file.imports.use(target, use);
      return [
        { start: use.start, end: use.end, text: `new ${name}` },
        ...options.changes,
        ...rewrites.map(({ change }) => change),
      ];
    },
  };
}

interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Rewrite {
  readonly change: Change;
  /** Whether the use is a call of the limiter, which a semaphore can do too. */
  readonly isCall: boolean;
}

/** Whether `clearQueue()` rejects, and the changes that remove the options, for `n` or `{ concurrency: n, rejectOnClear }`. */
function optionsOf(
  argument: Syntax,
): { readonly rejects: boolean; readonly changes: readonly Change[] } | undefined {
  const options = bare(argument);
  if (options.type !== "ObjectExpression") return { rejects: false, changes: [] };
  let rejects = false;
  let count: Syntax | undefined;
  for (const property of options.properties as Syntax[]) {
    if (property.type !== "Property" || property.computed || property.method || property.shorthand)
      return undefined;
    if (keyName(property) === "concurrency") count = property.value;
    else if (keyName(property) === "rejectOnClear" && typeof property.value.value === "boolean")
      rejects = property.value.value;
    else return undefined;
  }
  if (count === undefined) return undefined;
  return {
    rejects,
    changes: [
      { start: options.start, end: count.start, text: "" },
      { start: count.end, end: options.end, text: "" },
    ],
  };
}

/** The names of the limiter's members, and of their counterparts. */
const members: ReadonlyMap<string | undefined, string> = new Map([
  ["activeCount", "borrowed"],
  ["pendingCount", "waiting"],
  ["concurrency", "total"],
]);

/** `limit.activeCount` and the like, or `limit.clearQueue()`. */
function member(use: Syntax): Rewrite | undefined {
  const clear = methodCall(use, "clearQueue");
  if (clear?.call.arguments.length === 0) {
    const text = "rejectWaiters(AbortSignal.abort().reason)";
    return { isCall: false, change: { start: clear.name.start, end: clear.call.end, text } };
  }
  const parent = use.parent;
  const text = members.get(memberName(parent));
  if (parent?.object !== use || parent.computed || parent.optional || text === undefined) return undefined;
  return { isCall: false, change: { start: parent.property.start, end: parent.property.end, text } };
}

/** The call `limit(() => …)`. */
function limitedCall(use: Syntax): Rewrite | undefined {
  const call = use.parent;
  if (
    call?.type !== "CallExpression" ||
    call.callee !== use ||
    call.arguments.length !== 1 ||
    call.typeArguments
  )
    return undefined;
  const fn = bare(call.arguments[0]);
  const takesNothing = fn.type === "Identifier" || (isInlineFunction(fn) && fn.params.length === 0);
  return takesNothing ? { isCall: true, change: { start: use.end, end: use.end, text: ".run" } } : undefined;
}
