import { invalidType, outOfRange, requireCount } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { type CancellableOptions, cancellableOptions } from "../operation/options.ts";
import { type StreamInput, toOpenableInput } from "../streams/reading/stream-input.ts";

/**
 * The use of an output: `"text"` keeps it; `"inherit"` writes it to the same output of this process; `"ignore"`
 * drops it; a function reads it as a stream. The process waits while the function does not read.
 */
export type ProcessOutput = "text" | "inherit" | "ignore" | ((chunks: AsyncIterable<Uint8Array>) => unknown);

/** The options of {@link runProcess}: those of an operation, and those of the process. */
export interface RunProcessOptions extends Omit<CancellableOptions, "grace"> {
  /** The working directory. Default: that of this process. */
  readonly cwd?: string | URL | undefined;
  /** The environment, complete. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * The input: a text, bytes, or a stream of both, which is read as the process reads, and closed at the end of the
   * process. Default: an empty input.
   */
  readonly input?: string | Uint8Array | StreamInput<string | Uint8Array> | undefined;
  /** Default: `"text"`. */
  readonly stdout?: ProcessOutput | undefined;
  /** Default: `"text"`. */
  readonly stderr?: ProcessOutput | undefined;
  /** The most bytes of each output that is kept as text. A longer output is an error. Default: 10 MiB. `Infinity`: no bound. */
  readonly maxOutput?: number | undefined;
  /**
   * How long the process group may take to end after SIGTERM, before SIGKILL: milliseconds, a `Duration`, or `null` for
   * no bound. Default: 1 s.
   */
  readonly grace?: Span | undefined;
}

const known: KnownOptions<RunProcessOptions> = {
  ...cancellableOptions,
  cwd: 1,
  env: 1,
  input: 1,
  stdout: 1,
  stderr: 1,
  maxOutput: 1,
  grace: 1,
};

/** The options of the process, with defaults. */
export interface ProcessOptions {
  readonly cwd: string | URL | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly input: RunProcessOptions["input"];
  readonly stdout: ProcessOutput;
  readonly stderr: ProcessOutput;
  readonly maxOutput: number;
  /** In ms. */
  readonly grace: number;
}

/** Checks all arguments before anything starts. */
export function requireProcessOptions(
  command: unknown,
  args: unknown,
  options: RunProcessOptions | undefined,
): readonly [ofProcess: ProcessOptions, ofOperation: CancellableOptions] {
  requireWord(command, "command");
  if (command === "") throw outOfRange("command", "not empty", command);
  if (!Array.isArray(args)) throw invalidType("args", "an array of strings", args);
  for (const [index, arg] of args.entries()) requireWord(arg, `args[${index}]`);
  requireKnownOptions(options, known, "runProcess");
  const { cwd, env, input, stdout, stderr, maxOutput, grace, ...ofOperation } = options ?? {};
  if (cwd !== undefined && !(cwd instanceof URL)) requireWord(cwd, "options.cwd");
  if (env !== undefined) {
    if (typeof env !== "object" || env === null) throw invalidType("options.env", "an object", env);
    for (const [name, value] of Object.entries(env))
      if (value !== undefined) requireWord(value, `options.env.${name}`);
  }
  if (input !== undefined && typeof input !== "string" && !(input instanceof Uint8Array))
    toOpenableInput(input, "options.input");
  const ofProcess = {
    cwd,
    env,
    input,
    stdout: toOutput(stdout, "options.stdout"),
    stderr: toOutput(stderr, "options.stderr"),
    maxOutput: maxOutput ?? 10 * 1_024 * 1_024,
    grace: toMilliseconds(grace === undefined ? 1_000 : grace, "options.grace"),
  };
  requireCount(ofProcess.maxOutput, "options.maxOutput", 0);
  return [ofProcess, ofOperation];
}

/** The system takes texts that end at the first null character. */
function requireWord(value: unknown, argument: string): void {
  if (typeof value !== "string") throw invalidType(argument, "a string", value);
  if (value.includes("\0")) throw outOfRange(argument, "a string without null characters", value);
}

function toOutput(value: ProcessOutput = "text", argument: string): ProcessOutput {
  if (typeof value !== "function" && value !== "text" && value !== "inherit" && value !== "ignore")
    throw invalidType(argument, '"text", "inherit", "ignore" or a function', value);
  return value;
}
