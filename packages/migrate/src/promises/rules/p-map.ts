import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isConstant, isInlineFunction, keyName, plainArguments, type Syntax } from "../syntax.ts";

/** The package `p-map`. */
export const pMap: PromiseRule = {
  rows: [
    {
      name: "p-map",
      api: "p-map",
      class: "R",
      summary:
        "With a function in place and no options but `concurrency` and `signal`; `pMapIterable` in a `for await` with a constant `concurrency` becomes `mapStream`; else marked.",
      target: "map(items, fn, { concurrency })",
    },
  ],
  find(file) {
    for (const binding of file.names.top.bindings.values()) {
      const origin = file.imports.origin(binding);
      if (origin?.module !== "p-map") continue;
      for (const use of binding.references) file.add(findingFor(file, use, origin.name));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string): Finding {
  const isIterable = imported === "pMapIterable";
  const suggestion = isIterable
    ? "Use mapStream(items, fn, { concurrency })."
    : "Use map(items, fn, { concurrency }), or mapSettled to have the failures too.";
  const base = { rule: "p-map", api: imported === "default" ? "p-map" : `p-map.${imported}`, node: use };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const call = use.parent;
  if ((imported !== "default" && !isIterable) || call?.type !== "CallExpression" || call.callee !== use) {
    return mark("It has no counterpart, or it is not called here.");
  }
  if (call.typeArguments) return mark("It has type arguments.");
  const [items, fn, options] = plainArguments(call) ?? [];
  if (items === undefined || fn === undefined) return mark("Its arguments are spread.");
  const mapper = bare(fn);
  if (!isInlineFunction(mapper) || !takesItemAndIndex(mapper)) return mark("Its function is not in place.");
  if (/\bpMapSkip\b/.test(file.slice(mapper))) return mark("It skips results.");
  const names = options === undefined ? [] : optionNames(bare(options));
  if (names === undefined || names.some((name) => name !== "concurrency" && name !== "signal"))
    return mark("It has options that `map` does not have.");
  if (
    isIterable &&
    !(isReadInPlace(call) && names.join() === "concurrency" && isConstantLimit(bare(options as Syntax)))
  )
    return mark("It is not read in place, or its concurrency is not a constant.");
  const verb = isIterable ? "mapStream" : "map";
  return {
    ...base,
    class: "R",
    reason: isIterable
      ? "Leaving the loop cancels the running calls and waits for them."
      : "The first failure cancels the running calls, and is thrown when they have ended. A signal rejects with a cancellation, whose cause is the reason of the signal.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      return [{ start: use.start, end: use.end, text: file.imports.use(verb, use) }];
    },
  };
}

/** Whether a function gets nothing but the item and the index: `map` passes a third argument, the scope of the call. */
function takesItemAndIndex(fn: Syntax): boolean {
  const params = fn.params as Syntax[];
  return params.length <= 2 && params.every((param) => param.type !== "RestElement");
}

/** The names of the options; undefined if they are not all known. */
function optionNames(options: Syntax): string[] | undefined {
  if (options.type !== "ObjectExpression") return undefined;
  const names = (options.properties as Syntax[]).map((each) => keyName(each));
  return names.every((name) => name !== undefined) ? names : undefined;
}

/** Whether the concurrency is a number that is known here: without one, `pMapIterable` has no limit, and `mapStream` has 1. */
function isConstantLimit(options: Syntax): boolean {
  return (options.properties as Syntax[]).every((each) => isConstant(each.value as Syntax));
}

/** Whether the iterable is read once, by the loop around it. */
function isReadInPlace(call: Syntax): boolean {
  const loop = call.parent;
  return loop?.type === "ForOfStatement" && loop.await === true && loop.right === call;
}
