import type { PromiseRule } from "../promise-rule.ts";
import type { Binding } from "../scopes.ts";
import type { Syntax } from "../syntax.ts";

interface Package {
  readonly modules: readonly string[];
  readonly rule: string;
  readonly target: string;
  readonly reason: string;
}

/** Packages whose every use is for a person. */
const packages: readonly Package[] = [
  {
    modules: ["p-queue"],
    rule: "p-queue",
    target: "taskGroup and a Semaphore, or map(items, fn, { concurrency })",
    reason: "Priorities, pausing, time limits and events have no single counterpart.",
  },
  {
    modules: ["p-retry", "async-retry", "promise-retry"],
    rule: "p-retry",
    target: "a loop with sleep(ms)",
    reason: "A retry must let a cancellation through: catch only what is no cancellation (isCancellation).",
  },
  {
    modules: ["p-defer"],
    rule: "p-defer",
    target: "Event, Queue, waitFor(promise)",
    reason: "It is settled from elsewhere: if that never happens, who awaits it waits for ever.",
  },
  {
    modules: ["async-sema"],
    rule: "async-sema",
    target: "new Semaphore(n), semaphore.run(fn)",
    reason: "It is released by hand, also by who did not acquire it.",
  },
  {
    modules: ["async-lock"],
    rule: "async-lock",
    target: "new Lock(), lock.run(fn), one for each key",
    reason: "It has keys, time limits and an own kind of re-entry.",
  },
  {
    modules: ["any-signal", "race-signal", "abort-controller-x", "abort-utils", "abort-controller"],
    rule: "signal-packages",
    target: "Cancellable.anyOf(a, b), waitFor(promise)",
    reason: "A scope's signal follows its parents by itself; how long this one lives is for a person to say.",
  },
  {
    modules: [
      "p-event",
      "p-wait-for",
      "p-cancelable",
      "bottleneck",
      "p-all",
      "p-race",
      "p-some",
      "p-throttle",
    ],
    rule: "promise-packages",
    target: "waitFor, Condition, Cancellable, CapacityLimiter, all, race",
    reason: "It has no single counterpart.",
  },
];

/** The packages of the promise family that are marked at every use. */
export const promisePackages: PromiseRule = {
  rows: packages.map(({ modules, rule, target, reason }) => {
    return { name: rule, api: modules.join(", "), class: "M", summary: reason, target };
  }),
  find(file) {
    for (const binding of file.names.top.bindings.values()) {
      const origin = file.imports.origin(binding);
      const known = packages.find(({ modules }) => origin !== undefined && modules.includes(origin.module));
      if (origin === undefined || known === undefined) continue;
      const api =
        origin.name === "default" || origin.name === "*" ? origin.module : `${origin.module}.${origin.name}`;
      for (const node of places(binding)) {
        const { rule, reason, target } = known;
        file.add({ rule, api, node, class: "M", reason, suggestion: `Use ${target}.` });
      }
    }
  },
};

/** The uses of an import; the import itself when there are none. */
function places(binding: Binding): readonly Syntax[] {
  return binding.references.length > 0 ? binding.references : binding.declarations.slice(0, 1);
}
