import type { Reference } from "./references.ts";
import type { Review, Rewrite } from "./rule.ts";

/** The final verdict on one reference. */
export interface Outcome {
  readonly reference: Reference;
  readonly verdict: Rewrite | Review;
}
