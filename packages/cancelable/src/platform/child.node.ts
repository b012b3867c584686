import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { GroupGuard } from "./group-guard.node.ts";
import { aliveIn, registerLeader, signalGroup, unregisterLeader } from "./process-group.node.ts";

/** How a child has ended. */
export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export interface ChildOptions {
  readonly cwd: string | URL | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly stdin: "pipe" | "ignore";
  readonly stdout: "pipe" | "inherit" | "ignore";
  readonly stderr: "pipe" | "inherit" | "ignore";
}

/** Why a child did not start. */
export class StartFailure {
  readonly kind: "command" | "cwd" | "executable" | "other";
  readonly cause: unknown;
  constructor(kind: StartFailure["kind"], cause: unknown) {
    this.kind = kind;
    this.cause = cause;
  }
}

/** An output of a child, which is read chunk by chunk. While no read comes, the pipe fills up and the child waits. */
export class ChildOutput {
  readonly #stream: Readable;
  #wake: (() => void) | undefined;
  /** The bytes that were read. */
  bytes = 0;
  /** Resolves at the end of the output. */
  readonly ended: Promise<void>;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = (): void => {
      const call = this.#wake;
      this.#wake = undefined;
      call?.();
    };
    this.ended = new Promise((resolve) => stream.once("close", resolve));
    stream.on("readable", wake).on("end", wake).on("close", wake).on("error", wake);
  }

  get hasEnded(): boolean {
    return this.#stream.readableEnded || this.#stream.destroyed;
  }

  /** Whether a read waits for data. */
  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  /** The next chunk, or undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#stream.read() as Uint8Array | null;
      if (chunk !== null) {
        this.bytes += chunk.length;
        return chunk;
      }
      if (this.hasEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Reads and forgets the rest, so that the child does not wait for a reader. */
  async drain(): Promise<void> {
    while ((await this.read()) !== undefined);
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** The input of a child. */
export class ChildInput {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    // A child can end without reading its input: `write` says so.
    stream.on("error", () => {});
  }

  /** Resolves when the pipe has taken the chunk. False: no process reads the input any more. */
  write(chunk: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#stream.writable) this.#stream.write(chunk, (error) => resolve(!error));
      else resolve(false);
    });
  }

  end(): void {
    this.#stream.end();
  }

  close(): void {
    this.#stream.destroy();
  }
}

/** A child that leads a process group of its own, where the system has groups. */
export class Child {
  readonly #child: ChildProcess;
  readonly #guard: GroupGuard | undefined;
  #leads: boolean;
  readonly pid: number;
  readonly input: ChildInput | undefined;
  readonly stdout: ChildOutput | undefined;
  readonly stderr: ChildOutput | undefined;
  exit: ChildExit | undefined = undefined;
  readonly exited: Promise<ChildExit>;

  constructor(child: ChildProcess, pid: number, guard: GroupGuard | undefined) {
    this.#child = child;
    this.#guard = guard;
    this.pid = pid;
    this.#leads = registerLeader(pid);
    this.exited = new Promise((resolve) => {
      child.once("exit", (exitCode, signal) => {
        this.exit = { exitCode, signal };
        resolve(this.exit);
      });
    });
    // For example, a signal could not be sent.
    /* v8 ignore next -- @preserve no host of the tests emits this */
    child.on("error", () => {});
    this.input = child.stdin === null ? undefined : new ChildInput(child.stdin);
    this.stdout = child.stdout === null ? undefined : new ChildOutput(child.stdout);
    this.stderr = child.stderr === null ? undefined : new ChildOutput(child.stderr);
  }

  /** Resolves when the group does not survive this process any more. */
  async protect(): Promise<void> {
    /* v8 ignore else -- @preserve hosts that start no group */
    if (this.#leads) await this.#guard?.protect(this.pid);
  }

  /** Sends a signal to the whole group. Returns an error if the system refuses. */
  kill(signal: "SIGTERM" | "SIGCONT" | "SIGKILL"): Error | undefined {
    /* v8 ignore if -- @preserve hosts that start no group */
    if (!this.#leads) {
      this.#child.kill(signal);
      return undefined;
    }
    const result = signalGroup(this.pid, signal);
    return result instanceof Error ? result : undefined;
  }

  /** The processes of the group that are alive. */
  get alive(): readonly number[] {
    /* v8 ignore next -- @preserve hosts that start no group */
    const group = this.#leads ? aliveIn(this.pid) : [];
    return this.exit === undefined && !group.includes(this.pid) ? [this.pid, ...group] : group;
  }

  /** To be called when the group has ended: the system can use its number again. */
  leaveGroup(): void {
    this.#leads = false;
    unregisterLeader(this.pid);
    this.#guard?.leave();
  }

  /** To be called at the end. Resolves when everything that was started for the child has ended. */
  async release(): Promise<void> {
    this.leaveGroup();
    this.input?.close();
    this.stdout?.close();
    this.stderr?.close();
    this.#child.unref();
    await this.#guard?.end();
  }
}

/** Starts a command without a shell. */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Child | StartFailure> {
  const { cwd, env, stdin, stdout, stderr } = options;
  // The guard starts before the child, so that the child is never without a guard.
  /* v8 ignore next -- @preserve untested: no test runs on Windows */
  const guard = process.platform === "win32" ? undefined : new GroupGuard();
  let cause: unknown;
  try {
    const child = spawn(command, args, {
      cwd,
      env: env as NodeJS.ProcessEnv | undefined,
      stdio: [stdin, stdout, stderr],
      detached: true,
      windowsHide: true,
    });
    if (child.pid !== undefined) {
      const started = new Child(child, child.pid, guard);
      await started.protect();
      return started;
    }
    cause = await new Promise((resolve) => child.once("error", resolve));
  } catch (error) {
    cause = error;
  }
  await guard?.end();
  return new StartFailure(kindOf(cause, command, cwd), cause);
}

/** The system reports a missing folder as if the command were missing, so this function looks at both. */
function kindOf(cause: unknown, command: string, cwd: string | URL | undefined): StartFailure["kind"] {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "EACCES" && code !== "ENOTDIR" && code !== "ENOEXEC") return "other";
  if (cwd !== undefined && !isFolder(cwd)) return "cwd";
  // With a path to a file that exists, the interpreter in its first line is missing.
  return code === "ENOENT" && !(command.includes("/") && exists(command, cwd)) ? "command" : "executable";
}

function isFolder(path: string | URL): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function exists(command: string, cwd: string | URL | undefined): boolean {
  const folder = cwd instanceof URL ? fileURLToPath(cwd) : (cwd ?? "");
  return existsSync(resolve(folder, command));
}
