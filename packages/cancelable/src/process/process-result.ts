/**
 * How the process group ended: `exited` by itself; `cooperative` at SIGTERM; `terminated` by SIGKILL, because it was still
 * alive at the end of `grace`.
 */
export type ProcessEnding = "exited" | "cooperative" | "terminated";

/** The facts about a process that has ended. */
export interface ProcessResult {
  readonly command: string;
  readonly args: readonly string[];
  readonly pid: number;
  /** The exit code. Null if a signal ended the process. */
  readonly exitCode: number | null;
  /** The name of the signal that ended the process, or null. */
  readonly signal: string | null;
  /** The text that the process has written to stdout, at most `maxOutput` bytes. Empty unless the option `stdout` is `"text"`. */
  readonly stdout: string;
  /** As {@link stdout}, for stderr. */
  readonly stderr: string;
  readonly ending: ProcessEnding;
}
