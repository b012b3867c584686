/// <reference lib="esnext.disposable" preserve="true" />

export { type Debounced, type DebounceOptions, debounce } from "./debounce.ts";
export { type HedgeAttempt, type HedgeOptions, hedge } from "./hedge.ts";
export { type LatestOptions, latest } from "./latest.ts";
export { type SingleFlightOptions, singleFlight } from "./single-flight.ts";
