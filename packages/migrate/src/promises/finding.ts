import type { Change } from "../engine/engine.ts";
import type { Syntax } from "./syntax.ts";

/** A place that a rule is about, with its edits or its mark. */
export interface Finding {
  readonly rule: string;
  readonly api: string;
  /** The counted node. Its start is the reported place. */
  readonly node: Syntax;
  /** Nodes that later rules skip. */
  readonly claims?: readonly Syntax[];
  readonly class: "S" | "R" | "M" | "X";
  /**
   * The edits, for classes S and R. Called only when they are made. The first change belongs to the reference,
   * the others are its companions.
   */
  readonly changes?: () => readonly Change[];
  /** Why the place is not edited; for class R, the change in behaviour. */
  readonly reason: string;
  readonly suggestion: string;
}
