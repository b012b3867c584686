import type { Reason, ScopeForm } from "./program.ts";

/** A step before it has a number, a time and a target. */
export type Raw =
  | { readonly kind: "sleep" | "block"; readonly r: number }
  | { readonly kind: "checkpoint" | "throw" }
  | {
      readonly kind: "scope";
      readonly form: ScopeForm;
      readonly r: number | undefined;
      readonly shield: boolean;
      readonly spare: number;
      readonly body: readonly Raw[];
    }
  | { readonly kind: "operation"; readonly r: number | undefined; readonly body: readonly Raw[] }
  | {
      readonly kind: "group";
      readonly collect: boolean;
      readonly children: ReadonlyArray<readonly Raw[]>;
      readonly body: readonly Raw[];
    }
  | { readonly kind: "race" | "any" | "all"; readonly children: ReadonlyArray<readonly Raw[]> }
  | { readonly kind: "cancel"; readonly up: number; readonly reason: Reason }
  | { readonly kind: "cancelTask" | "join"; readonly up: number }
  | { readonly kind: "shielding"; readonly up: number; readonly on: boolean }
  | { readonly kind: "deadline"; readonly up: number; readonly r: number }
  | { readonly kind: "start"; readonly before: readonly Raw[]; readonly after: readonly Raw[] }
  | { readonly kind: "finally"; readonly body: readonly Raw[]; readonly cleanUp: readonly Raw[] }
  | { readonly kind: "catch"; readonly body: readonly Raw[] }
  | { readonly kind: "lock" | "semaphore"; readonly index: number; readonly body: readonly Raw[] }
  | { readonly kind: "put" | "get"; readonly index: number };

function childrenOf(raw: Raw): readonly Raw[] {
  switch (raw.kind) {
    case "scope":
    case "operation":
    case "catch":
    case "lock":
    case "semaphore":
      return raw.body;
    case "start":
      return [...raw.before, ...raw.after];
    case "finally":
      return [...raw.body, ...raw.cleanUp];
    case "group":
      return [...raw.children.flat(), ...raw.body];
    case "race":
    case "any":
    case "all":
      return raw.children.flat();
    default:
      return [];
  }
}

const waits: ReadonlySet<string> = new Set(["lock", "semaphore", "put", "get", "join"]);

export function mayWait(body: readonly Raw[]): boolean {
  return body.some((step) => waits.has(step.kind) || mayWait(childrenOf(step)));
}

/** An upper bound on the number of steps in `raw` that take time. */
export function countTimed(raw: Raw): number {
  const own = raw.kind === "scope" || ("r" in raw && raw.r !== undefined && raw.r > 0) ? 1 : 0;
  return own + childrenOf(raw).reduce((sum, step) => sum + countTimed(step), 0);
}
