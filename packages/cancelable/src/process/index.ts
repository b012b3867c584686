/// <reference lib="esnext.disposable" preserve="true" />
export { type MainOptions, main } from "./main.ts";
export type { ProcessOutput, RunProcessOptions } from "./options.ts";
export {
  CommandNotExecutableError,
  CommandNotFoundError,
  ProcessCancellation,
  ProcessError,
  type ProcessErrorCode,
  ProcessFailedError,
  ProcessNotEndedError,
  ProcessOutputError,
  ProcessStartError,
  WorkingDirectoryError,
} from "./process-error.ts";
export type { ProcessEnding, ProcessResult } from "./process-result.ts";
export { runProcess } from "./run-process.ts";
