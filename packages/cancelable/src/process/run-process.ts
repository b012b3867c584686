/*
 * A process as one operation.
 *
 *  P1  The process leads a group of its own. Before the call settles, the group has ended, or an error names the
 *      processes that are alive.
 *  P2  A cancellation sends SIGTERM to the group at once, while the functions that read its outputs still end.
 *  P3  The outputs are read to their end, also while the group cleans up. Nothing that the group wrote is lost.
 *  P4  When the leader has ended, the group has 100 ms to end by itself. Then it is ended too.
 */

import { type Child, type ChildInput, type ChildOutput, StartFailure, startChild } from "#platform/child";
import { Cancellable } from "../cancellable.ts";
import { shield } from "../flow/shield.ts";
import { waitFor } from "../flow/wait-for.ts";
import { report } from "../reporter.ts";
import { taskGroup } from "../scope/task-group.ts";
import { cancellableStream } from "../streams/cancellable-stream.ts";
import { toOpenableInput } from "../streams/reading/stream-input.ts";
import { endGroup } from "./end-group.ts";
import {
  type ProcessOptions,
  type ProcessOutput,
  type RunProcessOptions,
  requireProcessOptions,
} from "./options.ts";
import { consume, outputEnds, TextOutput } from "./outputs.ts";
import {
  CommandNotExecutableError,
  CommandNotFoundError,
  ProcessCancellation,
  ProcessFailedError,
  ProcessOutputError,
  ProcessStartError,
  WorkingDirectoryError,
} from "./process-error.ts";
import type { ProcessEnding, ProcessResult } from "./process-result.ts";

/** The time for the rest of the group to end after its leader, in ms (P4). */
const linger = 100;

const startErrors = {
  command: CommandNotFoundError,
  executable: CommandNotExecutableError,
  other: ProcessStartError,
} as const;

class RunningProcess {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #options: ProcessOptions;
  readonly #texts: { readonly stdout: TextOutput; readonly stderr: TextOutput };
  #child: Child | undefined;
  #ending: ProcessEnding = "exited";

  constructor(command: string, args: readonly string[], options: ProcessOptions) {
    this.#command = command;
    this.#args = args;
    this.#options = options;
    this.#texts = { stdout: new TextOutput(options.maxOutput), stderr: new TextOutput(options.maxOutput) };
  }

  /** The result so far. Undefined if the process did not start. */
  get result(): ProcessResult | undefined {
    const child = this.#child;
    if (child === undefined) return undefined;
    return {
      command: this.#command,
      args: [...this.#args],
      pid: child.pid,
      exitCode: child.exit?.exitCode ?? null,
      signal: child.exit?.signal ?? null,
      stdout: String(this.#texts.stdout),
      stderr: String(this.#texts.stderr),
      ending: this.#ending,
    };
  }

  async run(): Promise<ProcessResult> {
    const child = await this.#start();
    this.#child = child;
    const full = new OutputFull();
    try {
      await taskGroup(async (group) => {
        const feeding =
          child.input === undefined
            ? undefined
            : group.startSoon(feed, child.input, this.#options.input as Input);
        const outputs: ChildOutput[] = [];
        const reading: Array<Promise<void>> = [];
        for (const name of ["stdout", "stderr"] as const) {
          const { [name]: output } = child;
          const { [name]: consumer } = this.#options;
          if (output === undefined) continue;
          outputs.push(output);
          if (typeof consumer === "function") group.startSoon(consume, output, consumer);
          else reading.push(this.#texts[name].readAll(output, full.reject));
        }
        let left = 0;
        try {
          await waitFor(Promise.race([child.exited, full.promise]));
          left = linger;
        } finally {
          feeding?.cancel();
          await shield(async () => {
            try {
              this.#ending = await endGroup(this.#command, child, left, this.#options.grace);
              child.leaveGroup();
              for (const output of outputs) await outputEnds(output);
            } finally {
              for (const output of outputs) if (!output.hasEnded) output.close();
              await Promise.all(reading);
            }
          });
        }
      });
    } catch (error) {
      if (error !== full) throw error;
    } finally {
      await shield(() => child.release());
    }
    const result = this.result as ProcessResult; // the process has started
    for (const name of ["stdout", "stderr"] as const)
      if (this.#texts[name].isFull) throw new ProcessOutputError(result, name, this.#options.maxOutput);
    if (result.exitCode !== 0) throw new ProcessFailedError(result);
    return result;
  }

  async #start(): Promise<Child> {
    const { cwd, env, input, stdout, stderr } = this.#options;
    const started = await startChild(this.#command, this.#args, {
      cwd,
      env,
      stdin: input === undefined ? "ignore" : "pipe",
      stdout: toStdio(stdout),
      stderr: toStdio(stderr),
    });
    if (!(started instanceof StartFailure)) return started;
    const { kind, cause } = started;
    if (kind === "cwd") throw new WorkingDirectoryError(String(cwd), cause);
    throw new startErrors[kind](this.#command, cause);
  }
}

/** An output that is kept as text has exceeded its maximum. */
class OutputFull extends Error {
  reject!: () => void;
  readonly promise: Promise<never> = new Promise((_, reject) => {
    this.reject = () => reject(this);
  });
  constructor() {
    super("the output is too large");
    // The rejection can come after the end of the process.
    this.promise.catch(() => {});
  }
}

function toStdio(output: ProcessOutput): "pipe" | "inherit" | "ignore" {
  return output === "inherit" || output === "ignore" ? output : "pipe";
}

type Input = NonNullable<RunProcessOptions["input"]>;

/** Writes the input, until the input ends or no process reads it any more. */
async function feed(to: ChildInput, input: Input): Promise<void> {
  try {
    if (typeof input === "string" || input instanceof Uint8Array) await waitFor(to.write(input));
    else
      for await (const chunk of cancellableStream<string | Uint8Array>(input))
        if (!(await waitFor(to.write(chunk)))) break;
  } finally {
    to.end();
  }
}

/** Closes an input that no process has read. */
async function discard(input: RunProcessOptions["input"], error: unknown): Promise<void> {
  if (input === undefined || typeof input === "string" || input instanceof Uint8Array) return;
  try {
    await toOpenableInput(input, "options.input").discard(error);
  } catch (failure) {
    report(failure, "the input of a process that did not start");
  }
}

/**
 * Runs a command, without a shell, as one operation. Resolves when the process has ended with exit code 0, and nothing of
 * its group is alive.
 *
 * A cancellation sends SIGTERM to the whole group, and SIGKILL after `grace`. Processes of the group that are alive 100 ms
 * after the end of the command are ended in the same way. If this process dies, the group is killed, also after a SIGKILL.
 *
 * @throws ProcessFailedError, ProcessOutputError and ProcessCancellation with the result of the process;
 * CommandNotFoundError, CommandNotExecutableError, WorkingDirectoryError and ProcessStartError if it did not start;
 * ProcessNotEndedError if the system could not end it; a TypeError or RangeError for a wrong argument. The error of a
 * function that reads an output, or of the input, ends the process and is thrown itself.
 * @example
 * ```ts
 * import { runProcess } from "@hother/cancelable/process";
 *
 * const { stdout } = await runProcess("sort", ["-r"], { input: "a\nb\n", timeout: { seconds: 10 } });
 * console.assert(stdout === "b\na\n");
 * ```
 */
export async function runProcess(
  command: string,
  args: readonly string[] = [],
  options?: RunProcessOptions,
): Promise<ProcessResult> {
  const [ofProcess, ofOperation] = requireProcessOptions(command, args, options);
  const operation = new Cancellable({ ...ofOperation, name: ofOperation.name ?? command });
  const running = new RunningProcess(command, [...args], ofProcess);
  const outcome = await operation.settle(() => running.run());
  if (outcome.status === "completed") return outcome.value;
  const { result } = running;
  if (result === undefined) await discard(ofProcess.input, outcome.error);
  else if (outcome.status === "cancelled")
    throw new ProcessCancellation(result, outcome.error, operation.node.owner);
  throw outcome.error;
}
