export { fromStream } from "./from-stream.ts";
export { fromTask } from "./from-task.ts";
export { fromToken } from "./from-token.ts";
export { takeUntilCancelled } from "./take-until-cancelled.ts";
export { type ToStreamOptions, toStream } from "./to-stream.ts";
