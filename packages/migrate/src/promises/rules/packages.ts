import type { PromiseRule } from "../promise-rule.ts";
import type { Binding } from "../scopes.ts";
import type { Syntax } from "../syntax.ts";

interface Package {
  readonly modules: readonly string[];
  readonly rule: string;
  readonly target: string;
  readonly reason: string;
}

/** Packages whose uses are always marked. */
const packages: readonly Package[] = [
  {
    modules: ["p-queue"],
    rule: "p-queue",
    target:
      "a CapacityLimiter with run(fn, { priority }), total and rejectWaiters(error), or map(items, fn, { concurrency })",
    reason: "Its priorities, pauses, time limits and events have no single counterpart.",
  },
  {
    modules: ["async-retry", "promise-retry"],
    rule: "retry-packages",
    target: "retry(fn, { attempts, backoff, when })",
    reason: "Its function gets a way to end or repeat the retry. Throw an error for which `when` decides.",
  },
  {
    modules: ["p-defer"],
    rule: "p-defer",
    target: "Deferred, Event, Queue, waitFor(promise)",
    reason: "It is settled elsewhere. If that never happens, its await never ends.",
  },
  {
    modules: ["async-lock"],
    rule: "async-lock",
    target: "new Lock(), lock.run(fn), one for each key",
    reason: "Its keys, time limits and re-entry have no single counterpart.",
  },
  {
    modules: ["any-signal", "race-signal", "abort-controller-x", "abort-utils", "abort-controller"],
    rule: "signal-packages",
    target: "Cancellable.anyOf(a, b), waitFor(promise)",
    reason: "The signal of a scope follows its parents. The lifetime of this signal is unknown.",
  },
  {
    modules: ["p-event"],
    rule: "p-event",
    target: "once(target, event, { filter, reject }), on(target, event)",
    reason: "It resolves with the first argument of an event; `once` gives all of them, in an array.",
  },
  {
    modules: ["p-throttle"],
    rule: "p-throttle",
    target: "new RateLimiter({ limit, per }), limiter.run(fn)",
    reason: "Its interval begins with a call; a RateLimiter has a bucket or a sliding window.",
  },
  {
    modules: ["p-all"],
    rule: "p-all",
    target: "all(functions, { concurrency })",
    reason: "`all` passes a scope to each function, cancels the others after a failure, and waits for them.",
  },
  {
    modules: ["p-wait-for", "p-cancelable", "bottleneck", "p-race", "p-some"],
    rule: "promise-packages",
    target: "waitFor, Condition, Cancellable, CapacityLimiter, all, race",
    reason: "It has no single counterpart.",
  },
];

/** Packages whose uses are always marked. */
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

/** The uses of an import, or the import itself if it has none. */
function places(binding: Binding): readonly Syntax[] {
  return binding.references.length > 0 ? binding.references : binding.declarations.slice(0, 1);
}
