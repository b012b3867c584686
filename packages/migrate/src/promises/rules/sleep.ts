import { type Delay, delayOf } from "../delay.ts";
import type { Finding } from "../finding.ts";
import type { PromiseRule } from "../promise-rule.ts";
import { cancellable, placeChange } from "../sleep-change.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, holder, isConstant, type Syntax } from "../syntax.ts";
import { type TimerPromise, timerPromise } from "../timer-promise.ts";

const api = "new Promise(setTimeout)";

/** Promises that a timer settles. */
export const sleep: PromiseRule = {
  rows: [
    {
      name: "sleep",
      api: "await new Promise(r => setTimeout(r, ms))",
      class: "S",
      summary:
        "Safe if the delay is a constant; else structural. A missing delay and 0 become 1, as in timers.",
      target: "await sleep(ms)",
    },
    {
      name: "sleep-helper",
      api: "new Promise(r => setTimeout(r, ms)), not awaited",
      class: "R",
      summary: "The body of a helper, or a promise that is passed on. The helper stays.",
      target: "sleep(ms)",
    },
    {
      name: "sleep-value",
      api: "new Promise(r => setTimeout(() => r(v), ms))",
      class: "R",
      summary: "A timer that resolves with a value.",
      target: "(await sleep(ms), v)",
    },
    {
      name: "sleep-reject",
      api: "new Promise((_, reject) => setTimeout(() => reject(e), ms))",
      class: "M",
      summary: "A timer that rejects, outside a race.",
      target: "failAfter(ms, body)",
    },
  ],
  find(file) {
    for (const node of file.nodes("NewExpression")) {
      const timer = timerPromise(file, node);
      if (timer !== undefined) file.add(findingFor(file, node, timer));
    }
  },
};

function findingFor(file: SourceFile, node: Syntax, timer: TimerPromise): Finding {
  const claims = [node];
  const mark = (rule: string, reason: string, suggestion: string): Finding => {
    return { rule, api, node, claims, class: "M", reason, suggestion };
  };
  if (timer.outcome === "reject") {
    return mark(
      "sleep-reject",
      "The timer rejects: it is a part of a timeout whose other part is elsewhere.",
      "Run the limited code in failAfter(ms, body) or withTimeout(ms, promise).",
    );
  }
  const held = holder(node);
  const awaited = held?.type === "AwaitExpression" ? held : undefined;
  const unused = awaited !== undefined && awaited.parent?.type === "ExpressionStatement";
  const hasValue = timer.value !== undefined && !isUndefined(file, timer.value);
  const rule = hasValue ? "sleep-value" : awaited ? "sleep" : "sleep-helper";
  if (file.hasComment(node.start, node.end, timer.ms, hasValue ? timer.value : undefined)) {
    return mark(rule, "A rewrite would lose a comment.", "await sleep(ms)");
  }
  const delay = delayOf(file, timer.ms);
  const place = placeChange(file, node);
  if (hasValue) return valueFinding(file, node, timer, awaited, delay, place);
  const type = node.typeArguments ?? node.typeParameters;
  if (type && !/^<\s*(void|undefined|unknown|any|null)\s*>$/.test(file.slice(type)) && !unused) {
    return mark(rule, "The type of the promise is not void, and its value is used.", "await sleep(ms)");
  }
  const edit = () => {
    const name = file.imports.use("sleep", node);
    return [{ start: node.start, end: node.end, text: `${name}(${delay.text})` }];
  };
  const safe = awaited !== undefined && delay.kind === "constant" && place === "";
  return {
    rule,
    api,
    node,
    claims,
    class: safe ? "S" : "R",
    changes: edit,
    reason: `${cancellable}${place}${delay.doubt}`,
    suggestion: "Use sleep(ms).",
  };
}

function valueFinding(
  file: SourceFile,
  node: Syntax,
  timer: TimerPromise,
  awaited: Syntax | undefined,
  delay: Delay,
  place: string,
): Finding {
  const value = timer.value as Syntax;
  const fixed = isConstant(value) || (bare(value).type === "Identifier" && !timer.late);
  const base = { rule: "sleep-value", api, node, claims: [node] };
  const suggestion = awaited ? "(await sleep(ms), value)" : "sleep(ms).then(() => value)";
  if (!timer.late && !fixed) {
    return {
      ...base,
      class: "M",
      reason: "The value is evaluated before the delay; a rewrite would evaluate it after the delay.",
      suggestion,
    };
  }
  return {
    ...base,
    class: "R",
    reason: `${cancellable} The value is evaluated after the delay.${place}${delay.doubt}`,
    suggestion,
    changes: () => {
      const call = `${file.imports.use("sleep", node)}(${delay.text})`;
      const code = file.slice(value);
      // A statement must not start with a parenthesis: without semicolons it would continue the line before.
      if (awaited?.argument === node && awaited.parent?.type !== "ExpressionStatement") {
        return [{ start: awaited.start, end: awaited.end, text: `(await ${call}, ${code})` }];
      }
      if (awaited?.parent?.type === "ExpressionStatement" && isConstant(value)) {
        return [{ start: node.start, end: node.end, text: call }];
      }
      const body = bare(value).type === "ObjectExpression" ? `(${code})` : code;
      return [{ start: node.start, end: node.end, text: `${call}.then(() => ${body})` }];
    },
  };
}

function isUndefined(file: SourceFile, node: Syntax): boolean {
  const inner = bare(node);
  return inner.type === "Identifier" && file.names.isGlobal(inner, "undefined");
}
