import type { Finding } from "../finding.ts";
import { narrowedProblem } from "../later-reads.ts";
import type { PromiseRule } from "../promise-rule.ts";
import { awaitedCallWith, testsAbort } from "../signal-argument.ts";
import type { SourceFile } from "../source-file.ts";
import { bare, isConstant, plainArguments, type Syntax } from "../syntax.ts";

/** Signals that are created in place for one call. */
export const signalTimeout: PromiseRule = {
  rows: [
    {
      name: "signal-timeout",
      api: "signal: AbortSignal.timeout(ms)",
      class: "R",
      summary: "As the `signal` of an awaited call, if no code tests the name of its error; else marked.",
      target: "await failAfter(ms, (scope) => call({ signal: scope.signal }))",
    },
    {
      name: "signal-any",
      api: "signal: AbortSignal.any([a, b])",
      class: "R",
      summary: "As the `signal` of an awaited call; else marked.",
      target: "await Cancellable.anyOf(a, b).run((op) => call({ signal: op.signal }))",
    },
  ],
  find(file) {
    // Outer calls first: an `any` may contain a `timeout`.
    for (const node of file.nodes("CallExpression")) {
      if (file.isStaticCall(node, "AbortSignal", "any")) file.add(anyFinding(file, node));
    }
    for (const node of file.nodes("CallExpression")) {
      if (file.isStaticCall(node, "AbortSignal", "timeout")) file.add(timeoutFinding(file, node));
    }
  },
};

function timeoutFinding(file: SourceFile, node: Syntax): Finding {
  const base = { rule: "signal-timeout", api: "AbortSignal.timeout", node };
  const suggestion =
    "Use failAfter(ms, (scope) => call({ signal: scope.signal })), which waits until the call has ended.";
  const place = awaitedCallWith(file, node);
  const ms = plainArguments(node)?.[0];
  if (place === undefined || ms === undefined) {
    return {
      ...base,
      class: "M",
      reason: "The signal is not created for one awaited call, so its lifetime is unknown.",
      suggestion,
    };
  }
  if (testsAbort(file, node)) {
    return {
      ...base,
      class: "M",
      reason: "Code around it tests the name or class of the error, which changes.",
      suggestion,
    };
  }
  const simple = isConstant(ms) || bare(ms).type === "Identifier" || bare(ms).type === "MemberExpression";
  const problem = narrowedProblem(file, [place.call]);
  if (problem !== undefined) return { ...base, class: "M", reason: problem, suggestion };
  if (!simple) return { ...base, class: "M", reason: "The delay is computed in the arguments.", suggestion };
  return {
    ...base,
    class: "R",
    reason:
      "The error becomes a TimeoutCancellation, whose name is still TimeoutError. The new timer keeps the process alive.",
    suggestion,
    changes: () => {
      const { call } = place;
      const scope = file.imports.fresh("scope", node);
      const name = file.imports.use("failAfter", node);
      return [
        { start: node.start, end: node.end, text: `${scope}.signal` },
        { start: call.start, end: call.start, text: `${name}(${file.slice(ms)}, (${scope}) => ` },
        { start: call.end, end: call.end, text: ")" },
      ];
    },
  };
}

function anyFinding(file: SourceFile, node: Syntax): Finding {
  const base = { rule: "signal-any", api: "AbortSignal.any", node };
  const suggestion =
    "Use Cancellable.anyOf(a, b).run((op) => call({ signal: op.signal })), which leaves no listener on long-lived signals.";
  const place = awaitedCallWith(file, node);
  const list = bare(plainArguments(node)?.[0]);
  const elements = list?.type === "ArrayExpression" ? (list.elements as Array<Syntax | null>) : [];
  const plain = elements.every((each) => {
    const inner = bare(each);
    return (
      inner?.type === "Identifier" ||
      inner?.type === "MemberExpression" ||
      timeoutOf(file, inner) !== undefined
    );
  });
  if (place === undefined || elements.length === 0 || !plain) {
    return {
      ...base,
      class: "M",
      reason: "The signal is not created for one awaited call. On Node 20, it leaks on long-lived signals.",
      suggestion,
    };
  }
  if (testsAbort(file, node)) {
    return {
      ...base,
      class: "M",
      reason: "Code around it tests the name or class of the error, which changes.",
      suggestion,
    };
  }
  const problem = narrowedProblem(file, [place.call]);
  if (problem !== undefined) return { ...base, class: "M", reason: problem, suggestion };
  const inside = elements.flatMap((each) =>
    timeoutOf(file, bare(each)) === undefined ? [] : [bare(each as Syntax)],
  );
  return {
    ...base,
    claims: inside,
    class: "R",
    reason: "The error becomes a CancellationError whose cause is the reason of the signal.",
    suggestion,
    changes: () => {
      const { call } = place;
      const op = file.imports.fresh("op", node);
      const name = file.imports.use("Cancellable", node);
      const parts = elements.map((each) => {
        const ms = timeoutOf(file, bare(each));
        if (ms === undefined) return file.slice(each as Syntax);
        return `new ${file.imports.use("TimeoutSource", node)}(${file.slice(ms)})`;
      });
      return [
        { start: node.start, end: node.end, text: `${op}.signal` },
        { start: call.start, end: call.start, text: `${name}.anyOf(${parts.join(", ")}).run((${op}) => ` },
        { start: call.end, end: call.end, text: ")" },
      ];
    },
  };
}

function timeoutOf(file: SourceFile, node: Syntax | undefined): Syntax | undefined {
  return file.isStaticCall(node, "AbortSignal", "timeout") ? plainArguments(node)?.[0] : undefined;
}
