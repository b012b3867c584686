import type { CancelScope } from "../../src/index.ts";

type ScopeNode = CancelScope["node"];

/** The implicit root of a backend, above the scope of `run`. The library does not export it. */
export const rootAbove = (scope: CancelScope): ScopeNode => scope.node.parent as ScopeNode;
