import { CancellationError, type CancellationOwner } from "../errors.ts";
import type { ProcessResult } from "./process-result.ts";

/** The codes of {@link ProcessError}. */
export type ProcessErrorCode =
  | "ERR_COMMAND_NOT_FOUND"
  | "ERR_COMMAND_NOT_EXECUTABLE"
  | "ERR_CWD_NOT_FOUND"
  | "ERR_PROCESS_NOT_STARTED"
  | "ERR_PROCESS_FAILED"
  | "ERR_PROCESS_OUTPUT"
  | "ERR_PROCESS_NOT_ENDED";

/** The base of the errors of `runProcess`, except {@link ProcessCancellation}. */
export class ProcessError extends Error {
  readonly code: ProcessErrorCode;
  constructor(code: ProcessErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** There is no such command. The system's error is the `cause`. */
export class CommandNotFoundError extends ProcessError {
  constructor(command: string, cause: unknown) {
    super("ERR_COMMAND_NOT_FOUND", `There is no command ${command}`, cause);
  }
}

/** The command is a file that cannot be run. The system's error is the `cause`. */
export class CommandNotExecutableError extends ProcessError {
  constructor(command: string, cause: unknown) {
    super(
      "ERR_COMMAND_NOT_EXECUTABLE",
      `The file ${command} cannot be run: it, or its interpreter, is no program with the permission to run`,
      cause,
    );
  }
}

/** The folder of the option `cwd` does not exist or cannot be entered. The system's error is the `cause`. */
export class WorkingDirectoryError extends ProcessError {
  constructor(cwd: string, cause: unknown) {
    super("ERR_CWD_NOT_FOUND", `There is no folder ${cwd} that can be the working directory`, cause);
  }
}

/** The system could not start the process for another reason, which is the `cause`. */
export class ProcessStartError extends ProcessError {
  constructor(command: string, cause: unknown) {
    super("ERR_PROCESS_NOT_STARTED", `The command ${command} could not be started`, cause);
  }
}

/** The process ended by itself with an exit code other than 0, or by a signal that the call did not send. */
export class ProcessFailedError extends ProcessError {
  readonly process: ProcessResult;
  constructor(process: ProcessResult) {
    const { command, exitCode, signal, stderr } = process;
    const how = signal === null ? `failed with exit code ${exitCode}` : `was ended by ${signal}`;
    const said = stderr.trimEnd().split("\n").at(-1) as string; // `split` gives one text at least
    super("ERR_PROCESS_FAILED", `${command} ${how}${said === "" ? "" : `: ${said.slice(0, 200)}`}`);
    this.process = process;
  }
}

/** The process wrote more than `maxOutput` to an output that is kept as text, and was ended. */
export class ProcessOutputError extends ProcessError {
  readonly process: ProcessResult;
  constructor(process: ProcessResult, output: "stdout" | "stderr", maxOutput: number) {
    super("ERR_PROCESS_OUTPUT", `${process.command} wrote more than ${maxOutput} bytes to ${output}`);
    this.process = process;
  }
}

/** Processes of the group are alive 1 s after SIGKILL, or the system refused to signal them. They run on. */
export class ProcessNotEndedError extends ProcessError {
  /** The processes that are alive. */
  readonly pids: readonly number[];
  constructor(command: string, pids: readonly number[], cause: unknown) {
    super("ERR_PROCESS_NOT_ENDED", `${command} could not be ended; alive: ${pids.join(", ")}`, cause);
    this.pids = pids;
  }
}

/**
 * The process was ended because its operation was cancelled: by its `timeout`, by a scope above, or by another of its
 * options. `reason` says why, and the `cause` is the cancellation of the operation.
 */
export class ProcessCancellation extends CancellationError {
  readonly process: ProcessResult;

  /** @internal */
  constructor(process: ProcessResult, cause: CancellationError, owner: CancellationOwner) {
    super(cause.reason, cause.message, { cause });
    this.process = process;
    // This error is not a fresh cancellation (rule 30): the cancellation has happened before.
    CancellationError.own(this, owner);
  }
}
