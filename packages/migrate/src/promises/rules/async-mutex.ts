import type { Finding } from "../finding.ts";
import { privateUses } from "../private-uses.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isInlineFunction, memberName, plainArguments, type Syntax } from "../syntax.ts";

/** The package `async-mutex`. */
export const asyncMutex: PromiseRule = {
  rows: [
    {
      name: "async-mutex",
      api: "async-mutex",
      class: "R",
      summary:
        "A local constant or private field whose only use is `runExclusive(fn)`; `acquire` and `release` are marked.",
      target: "new Lock(), lock.run(fn); new Semaphore(n), semaphore.run(fn)",
    },
  ],
  find(file) {
    for (const binding of file.names.top.bindings.values()) {
      const origin = file.imports.origin(binding);
      if (origin?.module !== "async-mutex") continue;
      for (const use of binding.references) file.add(findingFor(file, use, origin.name));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string): Finding {
  const suggestion =
    imported === "Semaphore" ? "new Semaphore(n) and semaphore.run(fn)." : "new Lock() and lock.run(fn).";
  const base = { rule: "async-mutex", api: `async-mutex.${imported}`, node: use };
  const mark = (reason: string): Finding => ({ ...base, class: "M", reason, suggestion });
  const made = use.parent;
  const count = imported === "Semaphore" ? 1 : 0;
  if (imported !== "Mutex" && imported !== "Semaphore") return mark("It has no single counterpart.");
  if (made?.type !== "NewExpression" || made.callee !== use || made.arguments.length !== count) {
    return mark("It is not created here, or its counterpart does not take its arguments.");
  }
  const uses = privateUses(file, made);
  if (uses === undefined) return mark("It is not a constant or private field of this file.");
  const methods = uses.map(exclusive);
  if (methods.length === 0 || methods.includes(undefined)) {
    return mark("It has other uses than runExclusive(fn), and may be released elsewhere.");
  }
  return {
    ...base,
    class: "R",
    reason:
      "Waiting for it ends when the scope is cancelled. A task that waits for its own lock is reported after 5 s.",
    suggestion,
    changes: () => {
      file.imports.gone(use);
      const name = file.imports.use(imported === "Mutex" ? "Lock" : "Semaphore", use);
      return [
        { start: use.start, end: use.end, text: name },
        ...(methods as Syntax[]).map((each) => ({ start: each.start, end: each.end, text: "run" })),
      ];
    },
  };
}

/** The name in `mutex.runExclusive(fn)`. */
function exclusive(use: Syntax): Syntax | undefined {
  const member = use.parent;
  if (member?.type !== "MemberExpression" || member.object !== use || member.computed) return undefined;
  const call = member.parent;
  if (memberName(member) !== "runExclusive" || call?.type !== "CallExpression" || call.callee !== member)
    return undefined;
  const [fn, ...others] = plainArguments(call) ?? [];
  if (fn === undefined || others.length > 0 || call.typeArguments) return undefined;
  const inner = bare(fn);
  return isInlineFunction(inner) && inner.params.length === 0 ? member.property : undefined;
}
