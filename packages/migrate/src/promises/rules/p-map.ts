import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isInlineFunction, keyName, plainArguments, type Syntax } from "../syntax.ts";

const suggestion = "Use map(items, fn, { concurrency }).";

/** The package `p-map`. */
export const pMap: PromiseRule = {
  rows: [
    {
      name: "p-map",
      api: "p-map",
      class: "R",
      summary: "With a function in place and no option but `concurrency`; else marked.",
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
  const base = { rule: "p-map", api: imported === "default" ? "p-map" : `p-map.${imported}`, node: use };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const call = use.parent;
  if (imported !== "default" || call?.type !== "CallExpression" || call.callee !== use) {
    return mark("It has no counterpart, or it is not called here.");
  }
  if (call.typeArguments) return mark("It has type arguments.");
  const [items, fn, options] = plainArguments(call) ?? [];
  if (items === undefined || fn === undefined) return mark("Its arguments are spread.");
  const mapper = bare(fn);
  if (!isInlineFunction(mapper) || mapper.params.length > 2) return mark("Its function is not in place.");
  if (/\bpMapSkip\b/.test(file.slice(mapper))) return mark("It skips results.");
  if (options !== undefined && !isConcurrency(bare(options)))
    return mark("It has options that `map` does not have.");
  return {
    ...base,
    class: "R",
    reason: "The first failure cancels the running calls. Items that are promises are not awaited first.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      return [{ start: use.start, end: use.end, text: file.imports.use("map", use) }];
    },
  };
}

function isConcurrency(options: Syntax): boolean {
  if (options.type !== "ObjectExpression") return false;
  return (options.properties as Syntax[]).every((each) => {
    if (keyName(each) !== "concurrency") return false;
    const value = bare(each.value as Syntax);
    // For no limit, `map` takes no concurrency; it does not take Infinity.
    return !(value.type === "Identifier" && value.name === "Infinity");
  });
}
