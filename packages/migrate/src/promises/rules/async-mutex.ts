import type { Finding } from "../finding.ts";
import { privateUses } from "../private-uses.ts";
import type { PromiseRule } from "../promise-rule.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isInlineFunction, methodCall, plainArguments, type Syntax } from "../syntax.ts";

/** The package `async-mutex`. */
export const asyncMutex: PromiseRule = {
  rows: [
    {
      name: "async-mutex",
      api: "async-mutex",
      class: "R",
      summary:
        "A local constant or private field used by `runExclusive(fn, weight, priority)`, `cancel()` and, of a mutex, `isLocked()` and `waitForUnlock()`; `acquire` and `release` are marked.",
      target:
        "new Lock(), lock.run(fn, { priority }); new Semaphore(n), semaphore.run(fn, { weight, priority }); rejectWaiters(error); lock.isLocked; lock.whenIdle()",
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
  const kind = imported === "Mutex" ? mutexParts : semaphoreParts;
  const calls = uses.map((each) => exclusive(each, kind) ?? other(file, each, imported));
  if (calls.length === 0 || calls.includes(undefined)) {
    return mark("It has other uses than runExclusive(fn), and may be released elsewhere.");
  }
  const known = calls as Rewrite[];
  if (known.some(({ waitsForAll }) => waitsForAll) && known.some(({ hasPriority }) => hasPriority)) {
    return mark("whenIdle() waits for all others, waitForUnlock() not for those with a lower priority.");
  }
  return {
    ...base,
    class: "R",
    reason: `Waiting for it ends when the scope is cancelled. A task that waits for its own lock is reported after 5 s.${
      known.some(({ isEqualOnly }) => isEqualOnly)
        ? " Its waiters are rejected with another error than E_CANCELED."
        : ""
    }`,
    suggestion,
    changes: () => {
      file.imports.gone(use);
      const name = file.imports.use(imported === "Mutex" ? "Lock" : "Semaphore", use);
      return [{ start: use.start, end: use.end, text: name }, ...known.flatMap(({ changes }) => changes)];
    },
  };
}

interface Rewrite {
  readonly changes: readonly { readonly start: number; readonly end: number; readonly text: string }[];
  readonly hasPriority?: boolean;
  /** Whether the call waits for all others, which is right only if no other call has a lower priority. */
  readonly waitsForAll?: boolean;
  /** Whether waiters are rejected with another error object than before. */
  readonly isEqualOnly?: boolean;
}

/** The names of the arguments of `runExclusive` after the function. */
const mutexParts = ["priority"];
const semaphoreParts = ["weight", "priority"];

/** `mutex.runExclusive(fn, …)` as `run(fn, { … })`. */
function exclusive(use: Syntax, parts: readonly string[]): Rewrite | undefined {
  const found = methodCall(use, "runExclusive");
  if (found === undefined) return undefined;
  const [fn, ...others] = plainArguments(found.call) ?? [];
  if (fn === undefined || others.length > parts.length || found.call.typeArguments) return undefined;
  const inner = bare(fn);
  if (!isInlineFunction(inner) || inner.params.length > 0) return undefined;
  const last = others.at(-1);
  return {
    hasPriority: others.length === parts.length,
    changes: [
      { start: found.name.start, end: found.name.end, text: "run" },
      ...others.map(({ start }, i) => {
        return { start, end: start, text: `${i === 0 ? "{ " : ""}${parts[i]}: ` };
      }),
      ...(last === undefined ? [] : [{ start: last.end, end: last.end, text: " }" }]),
    ],
  };
}

/** The other methods that have a counterpart, called without arguments. */
function other(file: SourceFile, use: Syntax, imported: string): Rewrite | undefined {
  const cancel = methodCall(use, "cancel");
  if (cancel?.call.arguments.length === 0) {
    const canceled = importedError(file);
    const error = canceled ?? 'new Error("request for lock canceled")';
    const text = `rejectWaiters(${error})`;
    return {
      isEqualOnly: canceled === undefined,
      changes: [{ start: cancel.name.start, end: cancel.call.end, text }],
    };
  }
  if (imported !== "Mutex") return undefined;
  const locked = methodCall(use, "isLocked");
  if (locked?.call.arguments.length === 0)
    return { changes: [{ start: locked.name.end, end: locked.call.end, text: "" }] };
  const unlock = methodCall(use, "waitForUnlock");
  if (unlock?.call.arguments.length !== 0) return undefined;
  return {
    waitsForAll: true,
    changes: [{ start: unlock.name.start, end: unlock.name.end, text: "whenIdle" }],
  };
}

/** The name in this file of the error that `cancel()` rejects with, if it is imported. */
function importedError(file: SourceFile): string | undefined {
  for (const [name, binding] of file.names.top.bindings) {
    const origin = file.imports.origin(binding);
    if (origin?.module === "async-mutex" && origin.name === "E_CANCELED") return name;
  }
  return undefined;
}
