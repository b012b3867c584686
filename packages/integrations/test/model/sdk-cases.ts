import { callCases } from "./sdk-calls.ts";
import { helperCases } from "./sdk-helpers.ts";
import { streamCases } from "./sdk-streams.ts";
import { type SdkCases, watchRejections } from "./sdk-under-test.ts";

/** The behaviours that the clients of models have in common. */
export function sdkCases(cases: SdkCases): void {
  watchRejections();
  streamCases(cases);
  helperCases(cases);
  callCases(cases);
}
