import { delayOf } from "../delay.ts";
import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import { cancellable, placeChange } from "../sleep-change.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, memberName, plainArguments, type Syntax } from "../syntax.ts";

const modules = new Set(["timers/promises", "node:timers/promises"]);

/** Delay functions of packages and hosts. */
export const timersPromises: PromiseRule = {
  rows: [
    {
      name: "timers-promises",
      api: "setTimeout of node:timers/promises",
      class: "R",
      summary: "Calls with only a delay; a signal, a value or `ref` is marked.",
      target: "sleep(ms)",
    },
    {
      name: "promisify-timeout",
      api: "promisify(setTimeout)",
      class: "M",
      summary: "A sleep that may also get a value.",
      target: "sleep",
    },
    {
      name: "delay",
      api: "delay (package)",
      class: "R",
      summary: "Calls with only a delay; ranges, values and signals are marked.",
      target: "sleep(ms)",
    },
  ],
  find(file) {
    for (const call of file.nodes("CallExpression")) {
      const name = memberName(call.callee) ?? file.imported(call.callee)?.name;
      const argument = bare(call.arguments[0] as Syntax | undefined);
      if (name !== "promisify" || argument === undefined || !file.isGlobal(argument, "setTimeout")) continue;
      file.add({
        rule: "promisify-timeout",
        api: "promisify(setTimeout)",
        node: call,
        class: "M",
        reason: "Its calls and their arguments are unknown here.",
        suggestion: "Use sleep if it is only called with milliseconds.",
      });
    }
    for (const binding of file.names.top.bindings.values()) {
      const origin = file.imports.origin(binding);
      if (origin === undefined) continue;
      const isTimers = modules.has(origin.module);
      if (!isTimers && origin.module !== "delay") continue;
      for (const use of binding.references) file.add(findingFor(file, use, origin.name, isTimers));
    }
  },
};

function findingFor(file: SourceFile, use: Syntax, imported: string, isTimers: boolean): Finding {
  const rule = isTimers ? "timers-promises" : "delay";
  const whole = imported === "default" || imported === "*";
  const member =
    whole && use.parent?.type === "MemberExpression" && use.parent.object === use ? use.parent : undefined;
  const isModule = isTimers && whole;
  const name = isModule ? memberName(member) : imported;
  const callee = isModule ? member : use;
  const call =
    callee?.parent?.type === "CallExpression" && callee.parent.callee === callee ? callee.parent : undefined;
  const api = isTimers ? `timers/promises.${name ?? "*"}` : name === "default" ? "delay" : `delay.${name}`;
  const claims = call === undefined ? [] : [call];
  const mark = (reason: string, suggestion: string): Finding => {
    return { rule, api, node: use, claims, class: "M", reason, suggestion };
  };
  if (isTimers ? name !== "setTimeout" : name !== "default") {
    const suggestion =
      name === "setInterval"
        ? "Use a loop with sleep(ms)."
        : "Use checkpoint(), which gives the event loop a turn.";
    return mark(
      "Only plain delays have a counterpart.",
      isTimers ? suggestion : "Use sleep(ms) with a computed delay.",
    );
  }
  if (call === undefined)
    return mark("It is passed on, not called.", "Pass sleep, which takes only milliseconds.");
  const args = plainArguments(call);
  if (args === undefined) return mark("Its arguments are spread.", "sleep(ms)");
  const [ms, second, third] = args;
  const onlyUndefined =
    isTimers && second !== undefined && file.isGlobal(bare(second), "undefined") && third === undefined;
  if (second !== undefined && !onlyUndefined) {
    const options = file.slice(third ?? second);
    if (/\bsignal\b/.test(options)) {
      return mark(
        "It takes a signal; after the rewrite, an abort has another error.",
        "Use Cancellable.withAbortSignal(signal).run(() => sleep(ms)).",
      );
    }
    if (/\bref\b/.test(options))
      return mark("Its timer may let the process end; the timer of sleep keeps it alive.", "Keep it.");
    return mark("It resolves with a value.", "(await sleep(ms), value)");
  }
  if (file.hasComment(call.start, call.end, ms)) return mark("A rewrite would lose a comment.", "sleep(ms)");
  const delay = delayOf(file, ms);
  return {
    rule,
    api,
    node: use,
    claims,
    class: "R",
    reason: `${cancellable}${placeChange(file, call)}${delay.doubt}`,
    suggestion: "sleep(ms)",
    changes: () => {
      file.imports.gone(use);
      const name = file.imports.use("sleep", use);
      return [{ start: call.start, end: call.end, text: `${name}(${delay.text})` }];
    },
  };
}
