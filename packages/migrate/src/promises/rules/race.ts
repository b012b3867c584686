import { delayOf } from "../delay.ts";
import type { Finding } from "../finding.ts";
import { movedProblem } from "../later-reads.ts";
import type { PromiseRule } from "../promise-rule.ts";
import { isPromiseValue } from "../promise-value.ts";
import type { SourceFile } from "../source-file.ts";
import {
  bare,
  contains,
  isConstant,
  isInlineFunction,
  memberName,
  plainArguments,
  type Syntax,
  suspends,
  text,
} from "../syntax.ts";
import { type TimerPromise, timerPromise } from "../timer-promise.ts";

const api = "Promise.race";

/** `Promise.race`, with and without a timeout. */
export const race: PromiseRule = {
  rows: [
    {
      name: "race-timeout",
      api: "Promise.race([call(), timeoutPromise])",
      class: "R",
      summary:
        "With the timer in place. The timer ends with the race. The error stays the same. The losing promise continues, as before.",
      target: "race([call(), async () => { await sleep(ms); throw e; }])",
    },
    {
      name: "race-abort",
      api: "Promise.race([promise, abortPromise])",
      class: "M",
      summary: "One promise rejects when a signal aborts.",
      target: "waitFor(promise)",
    },
    {
      name: "race",
      api: "Promise.race(…)",
      class: "M",
      summary: "Any other race. The losers continue.",
      target: "race([() => a(), () => b()])",
    },
  ],
  find(file) {
    for (const node of file.nodes("CallExpression")) {
      if (file.isStaticCall(node, "Promise", "race")) file.add(findingFor(file, node));
    }
  },
};

function findingFor(file: SourceFile, node: Syntax): Finding {
  const list = bare(plainArguments(node)?.[0]);
  const other: Finding = {
    rule: "race",
    api,
    node,
    class: "M",
    reason: "The losing promises continue, and no code waits for them.",
    suggestion:
      "Use race([() => a(), () => b()]), which cancels the losers and waits for them. It takes functions.",
  };
  if (list?.type !== "ArrayExpression") return other;
  const elements = list.elements as Array<Syntax | null>;
  const timers = new Map<Syntax, TimerPromise>();
  for (const element of elements) {
    if (element === null || element.type === "SpreadElement") return other;
    const timer = timerPromise(file, bare(element));
    if (timer !== undefined) timers.set(element, timer);
  }
  if (timers.size === 0)
    return elements.some((each) => waitsForAbort(file, each as Syntax))
      ? abort(node)
      : named(file, node, elements, other);
  return timeout(file, node, elements as Syntax[], timers);
}

function timeout(
  file: SourceFile,
  node: Syntax,
  elements: readonly Syntax[],
  timers: ReadonlyMap<Syntax, TimerPromise>,
): Finding {
  const claims = [...timers.keys()].map((each) => bare(each));
  const base = { rule: "race-timeout", api, node, claims };
  const suggestion =
    "Use withTimeout(ms, promise), or race([promise, async () => { await sleep(ms); throw error; }]).";
  const leak = "The losing promise continues, and the timer keeps the process alive.";
  const rest = elements.filter((each) => !timers.has(each));
  const inline = rest.every(
    (each) => (bare(each).type === "CallExpression" && !isOptional(each)) || isPromiseValue(file, each),
  );
  if (!inline || rest.length === 0) {
    return {
      ...base,
      class: "M",
      reason: `${leak} The limited value is not a call in place, and may not be a promise.`,
      suggestion,
    };
  }
  const doubts = new Set<string>();
  for (const [element, timer] of timers) {
    if (file.hasComment(element.start, element.end, timer.ms, timer.value)) {
      return {
        ...base,
        class: "M",
        reason: `${leak} A rewrite would lose a comment.`,
        suggestion,
      };
    }
    if (suspends(element)) return { ...base, class: "M", reason: leak, suggestion };
    const early = timer.late || timer.value === undefined ? [] : [timer.value];
    if (!early.every(isPlainValue)) {
      const reason = `${leak} The value of the timer is evaluated before the delay; a rewrite would evaluate it after the delay.`;
      return { ...base, class: "M", reason, suggestion };
    }
    const problem = movedProblem(file, [...(timer.ms === undefined ? [] : [timer.ms]), ...early]);
    if (problem !== undefined) return { ...base, class: "M", reason: `${leak} ${problem}`, suggestion };
    doubts.add(delayOf(file, timer.ms).doubt);
  }
  return {
    ...base,
    class: "R",
    reason: `${leak} After the rewrite, the timer ends with the race, and a cancellation ends both.${[...doubts].join("")}`,
    suggestion,
    changes: () => [
      { start: node.callee.start, end: node.callee.end, text: file.imports.use("race", node) },
      ...[...timers].map(([element, timer]) => {
        return { start: element.start, end: element.end, text: timerWork(file, element, timer) };
      }),
    ],
  };
}

/** The function that replaces the timer. */
function timerWork(file: SourceFile, element: Syntax, timer: TimerPromise): string {
  const call = `${file.imports.use("sleep", element)}(${delayOf(file, timer.ms).text})`;
  const value = timer.value === undefined ? undefined : file.slice(timer.value);
  if (timer.outcome === "resolve") {
    if (value === undefined) return `() => ${call}`;
    return `async () => (await ${call}, ${value})`;
  }
  return `async () => { await ${call}; throw ${value ?? "undefined"}; }`;
}

/** A constant, a name, or a new object of such values: evaluating it later makes no difference. */
function isPlainValue(node: Syntax): boolean {
  const inner = bare(node);
  if (isConstant(inner) || inner.type === "Identifier") return true;
  return inner.type === "NewExpression" && (inner.arguments as Syntax[]).every(isPlainValue);
}

/** Whether a call has `?.`, so that it may not return a promise. */
function isOptional(node: Syntax): boolean {
  return contains(node, (inner) => inner.type === "ChainExpression", isInlineFunction);
}

function waitsForAbort(file: SourceFile, element: Syntax): boolean {
  const inner = bare(element);
  const source = inner.type === "Identifier" ? bare(file.constant(inner)) : inner;
  if (source === undefined) return false;
  return contains(
    source,
    (each) =>
      (each.type === "CallExpression" &&
        memberName(each.callee) === "addEventListener" &&
        text(each.arguments[0]) === "abort") ||
      memberName(each) === "onabort",
  );
}

function abort(node: Syntax): Finding {
  return {
    rule: "race-abort",
    api,
    node,
    class: "M",
    reason:
      "An abort signal rejects one promise. Its listener stays on the signal when the other promise wins.",
    suggestion: "Use waitFor(promise) inside an operation of that signal.",
  };
}

/** The mark for a race with a timer in a constant, or the other mark. */
function named(
  file: SourceFile,
  node: Syntax,
  elements: ReadonlyArray<Syntax | null>,
  other: Finding,
): Finding {
  const isTimer = elements.some((each) => {
    const inner = bare(each);
    if (inner === undefined) return false;
    const source = inner.type === "Identifier" ? bare(file.constant(inner)) : inner;
    return source !== undefined && contains(source, (part) => file.isGlobalCall(part, "setTimeout"));
  });
  if (!isTimer) return other;
  return {
    ...other,
    rule: "race-timeout",
    reason: "The losing promise continues, and the timer is not in place.",
    suggestion: "Use withTimeout(ms, promise) without a timer.",
  };
}
