import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  Event,
  isCancellation,
  map,
  run,
  setReporter,
  sleep,
} from "../../src/index.ts";
import {
  CommandNotExecutableError,
  CommandNotFoundError,
  ProcessCancellation,
  ProcessError,
  ProcessFailedError,
  ProcessNotEndedError,
  ProcessOutputError,
  ProcessStartError,
  runProcess,
  WorkingDirectoryError,
} from "../../src/process/index.ts";
import { backends, rejection } from "../backends.ts";
import { expectRejects, wrong } from "../refusals.ts";
import { until } from "../until.ts";
import { aliveWith, guards, markedEnv, statOf, zombies } from "./marked.ts";

/** Runs a script of the shell. */
const sh = (script: string, options?: Parameters<typeof runProcess>[2]) =>
  runProcess("sh", ["-c", script], options);

const never = { minutes: 10 };
const isZero = (byte: number): boolean => byte === 0;

/** Runs a script until it has written `ready`, then cancels it, and returns the error. */
async function cancelled(
  script: string,
  options: Parameters<typeof runProcess>[2] = {},
): Promise<ProcessCancellation> {
  const token = new CancellationToken();
  const stderr = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks)
      if (Buffer.from(chunk).includes("ready")) token.cancel("quota", "no credit");
  };
  const error = await rejection(sh(script, { token, stderr, ...options }));
  expect(error).toBeInstanceOf(ProcessCancellation);
  return error as ProcessCancellation;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "run-process-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a process that ends by itself", () => {
  test("gives its outputs, and the result says how it ended", async () => {
    const { pid, ...result } = await sh("echo out; echo err >&2");
    expect(pid).toBeGreaterThan(1);
    expect(result).toEqual({
      command: "sh",
      args: ["-c", "echo out; echo err >&2"],
      exitCode: 0,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
      ending: "exited",
    });
    expect(await runProcess("true")).toMatchObject({ args: [], stdout: "", stderr: "" });
  });

  test("the working directory and the environment are those of the options", async () => {
    const options = {
      cwd: pathToFileURL(folder),
      env: { PATH: process.env.PATH, NAME: "x y", NONE: undefined },
    };
    const { stdout } = await sh('pwd -P; echo "$NAME$NONE$HOME"', options);
    expect(stdout).toBe(`${folder}\nx y\n`);
    expect((await runProcess("pwd", [], { cwd: folder })).stdout).toBe(`${folder}\n`);
  });

  test("outputs are inherited or ignored", async () => {
    const options = { stdout: "ignore", stderr: "inherit" } as const;
    expect(await runProcess("echo", ["lost"], options)).toMatchObject({ stdout: "", stderr: "" });
  });

  test("the input is a text, bytes or a stream", async () => {
    const bytes = new TextEncoder().encode("a €");
    async function* stream(): AsyncGenerator<string | Uint8Array> {
      yield "a ";
      await sleep(1);
      yield bytes.subarray(2, 4);
      yield bytes.subarray(4);
    }
    const web = new Blob(["a €"]).stream();
    for (const input of ["a €", bytes, stream(), web, ["a ", "€"]])
      expect((await runProcess("cat", [], { input })).stdout).toBe("a €");
    expect((await runProcess("cat")).stdout).toBe("");
  });
});

describe("the end of a group", () => {
  test("cancel signals the whole group, and no member is alive when the call settles (PRC-01)", async () => {
    const env = markedEnv();
    const error = await cancelled("sleep 600 & sleep 600 & echo ready >&2; wait", { env, grace: never });
    expect(error.process.ending).toBe("cooperative");
    expect(aliveWith(env)).toEqual([]);
  });

  test("grandchildren that ignore SIGTERM are ended by SIGKILL after the grace (PRC-01)", async () => {
    const env = markedEnv();
    const ignoring = "trap '' TERM; sleep 600 & sleep 600 & echo ready >&2; wait";
    const error = await cancelled(ignoring, { env, grace: 20 });
    expect(error.process).toMatchObject({ ending: "terminated", exitCode: null, signal: "SIGKILL" });
    expect(aliveWith(env)).toEqual([]);
  });

  test("a leader that obeys leaves no grandchild that does not (PRC-01)", async () => {
    const env = markedEnv();
    const script = "(trap '' TERM; echo ready >&2; sleep 600 >/dev/null 2>&1 & wait) & wait";
    // The leader obeys within the grace, also on a machine that stands still for a moment.
    const error = await cancelled(script, { env, grace: 3_000 });
    expect(error.process).toMatchObject({ ending: "terminated", signal: "SIGTERM" });
    expect(aliveWith(env)).toEqual([]);
  });

  test("a group that ends at SIGTERM is not waited for until the grace (PRC-02)", async () => {
    const error = await cancelled("echo ready >&2; exec sleep 600", { grace: never });
    expect(error.process).toMatchObject({ ending: "cooperative", exitCode: null, signal: "SIGTERM" });
  });

  test("a process whose end this one notices late, because it stood still, has ended (PRC-01)", async () => {
    const { kill } = process;
    const spy = vi.spyOn(process, "kill").mockImplementation((pid, signal) => {
      if (signal !== "SIGKILL") return kill.call(process, pid, signal);
      // The signal is late, and this process stands still for longer than the end of a process may take: timers come first.
      setImmediate(() => {
        kill.call(process, pid, signal);
        for (const end = performance.now() + 1_100; performance.now() < end; );
      });
      return true;
    });
    const error = await cancelled("trap '' TERM; echo ready >&2; while :; do sleep 1; done", {
      grace: 20,
    }).finally(() => spy.mockRestore());
    expect(error.process).toMatchObject({ ending: "terminated", signal: "SIGKILL" });
  });

  test("a stopped process goes on to handle SIGTERM (PRC-02)", async () => {
    const [env, token] = [markedEnv(), new CancellationToken()];
    const script = "trap 'echo cleaned; exit 3' TERM; kill -STOP $$; while :; do sleep 1; done";
    const ended = rejection(sh(script, { env, token, grace: never }));
    await until(() => aliveWith(env).some((pid) => statOf(pid)?.state === "T"));
    token.cancel();
    const error = (await ended) as ProcessCancellation;
    expect(error.process).toMatchObject({ ending: "cooperative", exitCode: 3, stdout: "cleaned\n" });
  });

  test("a process that writes much while it cleans up is not blocked by a reader that was cancelled (PRC-02)", async () => {
    const script =
      "trap 'head -c 1000000 /dev/zero; exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done";
    const stdout = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const _ of chunks);
    };
    const error = await cancelled(script, { stdout, grace: never });
    expect(error.process).toMatchObject({ ending: "cooperative", exitCode: 0 });
  });

  test("a shell that exits while a grandchild holds the pipe settles, with the output so far (PRC-05)", async () => {
    const env = markedEnv();
    const result = await sh("echo out; sleep 600 & exit 0", { env, grace: never });
    expect(result).toMatchObject({ exitCode: 0, stdout: "out\n", ending: "cooperative" });
    expect(aliveWith(env)).toEqual([]);
    const stubborn = await rejection(sh("trap '' TERM; sleep 600 & exit 7", { env, grace: 20 }));
    expect(stubborn).toMatchObject({ process: { exitCode: 7, ending: "terminated" } });
    expect(aliveWith(env)).toEqual([]);
  });

  test("a grandchild without the pipe does not survive either, and one that ends soon is waited for", async () => {
    const env = markedEnv();
    await sh("sleep 600 >/dev/null 2>&1 & exit 0", { env });
    expect(aliveWith(env)).toEqual([]);
    // The time that the group has stands still until the group has ended: the system may need longer to start a process.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let text = "";
      const ended = sh("echo early; (sleep 0.02; echo late) & exit 0", {
        env,
        stdout: async (chunks) => {
          for await (const chunk of chunks) text += Buffer.from(chunk).toString();
        },
      });
      await until(() => text === "early\nlate\n" && aliveWith(env).length === 0);
      await vi.advanceTimersByTimeAsync(1);
      expect((await ended).ending).toBe("exited");
    } finally {
      vi.useRealTimers();
    }
  });

  test("a process that left the group and holds the pipe does not hold up the call (PRC-05)", async () => {
    const env = markedEnv();
    const left = new Event();
    async function* input(): AsyncGenerator<string> {
      await left.wait();
      yield "go on\n";
    }
    // The shell ends after the other process has left the group.
    const result = await sh("echo out; setsid sh -c 'echo left >&2; exec sleep 600' & read line; exit 0", {
      env,
      input: input(),
      stderr: async (chunks) => {
        for await (const _ of chunks) left.set();
      },
    });
    expect(result).toMatchObject({ exitCode: 0, stdout: "out\n" });
    // The documentation says so: a process in a session of its own is not of the group.
    const alive = aliveWith(env);
    expect(alive).toHaveLength(1);
    for (const pid of alive) process.kill(pid, "SIGKILL");
  });

  test("an error names the processes of a group that cannot be killed (PRC-10)", async () => {
    const env = markedEnv();
    const refusal = Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw refusal;
    });
    const token = new CancellationToken();
    const ended = rejection(runProcess("sleep", ["600"], { env, token, grace: 10 }));
    await until(() => aliveWith(env).length === 1);
    token.cancel();
    const error = await ended.finally(() => kill.mockRestore());
    expect(error).toBeInstanceOf(ProcessNotEndedError);
    const { pids, cause, message } = error as ProcessNotEndedError;
    expect([pids, cause]).toEqual([aliveWith(env), refusal]);
    expect(message).toBe(`sleep could not be ended; alive: ${pids.join(", ")}`);
    expect(pids).toHaveLength(1);
    for (const pid of pids) process.kill(pid, "SIGKILL");
  });
});

describe("errors", () => {
  test("a failure, a signal, a timeout, a cancel and a full output differ, and have the result (PRC-04)", async () => {
    const failed = await rejection(sh("echo out; echo first >&2; echo 'no such file' >&2; exit 3"));
    expect(failed).toBeInstanceOf(ProcessFailedError);
    expect(failed).toBeInstanceOf(ProcessError);
    expect(failed).toMatchObject({
      name: "ProcessFailedError",
      code: "ERR_PROCESS_FAILED",
      message: "sh failed with exit code 3: no such file",
      process: {
        exitCode: 3,
        signal: null,
        stdout: "out\n",
        stderr: "first\nno such file\n",
        ending: "exited",
      },
    });
    expect(await rejection(sh("kill -KILL $$"))).toMatchObject({
      code: "ERR_PROCESS_FAILED",
      message: "sh was ended by SIGKILL",
      process: { exitCode: null, signal: "SIGKILL", ending: "exited" },
    });

    const late = await rejection(
      sh("echo out; echo err >&2; exec sleep 600", { timeout: 1_000, name: "nap", grace: never }),
    );
    expect(late).toBeInstanceOf(ProcessCancellation);
    expect(late).toMatchObject({
      name: "TimeoutError",
      code: "ABORT_ERR",
      reason: "timeout",
      message: 'operation "nap" timed out after 1 s',
      operation: { name: "nap" },
      process: { signal: "SIGTERM", ending: "cooperative" },
    });
    expect(isCancellation(late, { reason: "timeout" })).toBe(true);

    const stopped = await cancelled("echo out; echo ready >&2; exec sleep 600", { grace: never });
    expect(stopped).toMatchObject({
      name: "AbortError",
      reason: "quota",
      message: "no credit",
      process: { stdout: "out\n", signal: "SIGTERM" },
    });

    const full = await rejection(sh("echo 12345678; exec sleep 600", { maxOutput: 4, grace: never }));
    expect(full).toBeInstanceOf(ProcessOutputError);
    expect(full).toMatchObject({
      code: "ERR_PROCESS_OUTPUT",
      message: "sh wrote more than 4 bytes to stdout",
      process: { stdout: "1234", signal: "SIGTERM", ending: "cooperative" },
    });
    expect(await rejection(sh("echo 12345678 >&2", { maxOutput: 4 }))).toMatchObject({
      message: "sh wrote more than 4 bytes to stderr",
      process: { stderr: "1234" },
    });
    expect(
      await rejection(runProcess("head", ["-c", "1000000", "/dev/zero"], { maxOutput: 4 })),
    ).toMatchObject({
      code: "ERR_PROCESS_OUTPUT",
      process: { stdout: "\0\0\0\0" },
    });
    expect((await sh("echo 123", { maxOutput: 4 })).stdout).toBe("123\n");
  });

  test("a missing command, a missing folder and a file that cannot be run are three errors (PRC-06)", async () => {
    const file = join(folder, "no-program");
    await writeFile(file, "text", { mode: 0o644 });
    const script = join(folder, "no-interpreter");
    await writeFile(script, "#!/no/such/interpreter\n", { mode: 0o755 });
    const missing = `missing-${randomUUID()}`;
    const cases = [
      [
        () => runProcess(missing),
        CommandNotFoundError,
        "ERR_COMMAND_NOT_FOUND",
        `There is no command ${missing}`,
      ],
      [
        () => runProcess(`./${missing}`),
        CommandNotFoundError,
        "ERR_COMMAND_NOT_FOUND",
        "There is no command",
      ],
      [
        () => runProcess(missing, [], { cwd: folder }),
        CommandNotFoundError,
        "ERR_COMMAND_NOT_FOUND",
        missing,
      ],
      [
        () => runProcess("true", [], { cwd: join(folder, missing) }),
        WorkingDirectoryError,
        "ERR_CWD_NOT_FOUND",
        `There is no folder ${join(folder, missing)}`,
      ],
      [() => runProcess("true", [], { cwd: file }), WorkingDirectoryError, "ERR_CWD_NOT_FOUND", file],
      [
        () => runProcess(file),
        CommandNotExecutableError,
        "ERR_COMMAND_NOT_EXECUTABLE",
        `The file ${file} cannot be run`,
      ],
      [() => runProcess(script), CommandNotExecutableError, "ERR_COMMAND_NOT_EXECUTABLE", script],
      [
        () => runProcess("./no-interpreter", [], { cwd: pathToFileURL(folder) }),
        CommandNotExecutableError,
        "ERR_COMMAND_NOT_EXECUTABLE",
        "./no-interpreter",
      ],
      [
        () => runProcess("true", ["x".repeat(10_000_000)]),
        ProcessStartError,
        "ERR_PROCESS_NOT_STARTED",
        "The command true could not be started",
      ],
    ] as const;
    for (const [call, type, code, message] of cases) {
      const error = await rejection(call());
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ name: type.name, code, message: expect.stringContaining(message) });
      expect((error as Error).cause).toBeInstanceOf(Error);
    }
  });

  test("in a cancelled scope nothing starts, and the input is closed", async () => {
    const scope = new CancelScope();
    scope.cancel("quota");
    const cancelInput = vi.fn();
    const input = new ReadableStream<string>({ cancel: cancelInput });
    await scope.run(async () => {
      const error = await rejection(sh("exit 1", { input }));
      expect(error).toMatchObject({ reason: "parent", cause: scope.error });
      expect(error).not.toBeInstanceOf(ProcessCancellation);
      await rejection(sh("exit 1", { input: "text" }));
    });
    expect(cancelInput).toHaveBeenCalledOnce();
    const reported: unknown[] = [];
    const before = setReporter((error) => void reported.push(error));
    const failure = new Error("not closed");
    const bad = new ReadableStream<string>({
      cancel() {
        throw failure;
      },
    });
    await rejection(runProcess(`missing-${randomUUID()}`, [], { input: bad }));
    setReporter(before);
    expect(reported).toEqual([failure]);
  });

  test("the scope that is cancelled absorbs the error", async () => {
    const scope = new CancelScope({ timeout: 20 });
    expect(await scope.run(() => runProcess("sleep", ["600"]))).toBeUndefined();
    expect(scope.cancelledCaught).toBe(true);
    const outer = new Cancellable({ name: "outer", timeout: 20 });
    const outcome = await outer.settle(() => runProcess("sleep", ["600"]));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
  });

  test("wrong arguments are refused before anything starts", async () => {
    const nothing = "a string without null characters";
    const inputs = "an async iterable, an iterable, a ReadableStream or a Node Readable";
    const outputs = '"text", "inherit", "ignore" or a function';
    await expectRejects("TypeError", [
      [() => runProcess(wrong(["ls"])), "command", "a string", '["ls"]'],
      [() => runProcess("ls", wrong("-l")), "args", "an array of strings", '"-l"'],
      [() => runProcess("ls", wrong([1])), "args[0]", "a string", "1"],
      [() => runProcess("ls", [], { cwd: wrong(5) }), "options.cwd", "a string", "5"],
      [() => runProcess("ls", [], { env: wrong(null) }), "options.env", "an object", "null"],
      [() => runProcess("ls", [], { env: { A: wrong(1) } }), "options.env.A", "a string", "1"],
      [() => runProcess("ls", [], { input: wrong(5) }), "options.input", inputs, "5"],
      [() => runProcess("ls", [], { stdout: wrong("pipe") }), "options.stdout", outputs, '"pipe"'],
      [() => runProcess("ls", [], { stderr: wrong(null) }), "options.stderr", outputs, "null"],
      [() => runProcess("ls", [], { maxOutput: wrong("1") }), "options.maxOutput", "a number", '"1"'],
    ]);
    await expectRejects("RangeError", [
      [() => runProcess(""), "command", "not empty", '""'],
      [() => runProcess("l\0s"), "command", nothing, '"l\\u0000s"'],
      [() => runProcess("ls", ["\0"]), "args[0]", nothing, '"\\u0000"'],
      [
        () => runProcess("ls", [], { maxOutput: -1 }),
        "options.maxOutput",
        "a whole number of at least 0, or Infinity",
        "-1",
      ],
      [() => runProcess("ls", [], { grace: Number.NaN }), "options.grace", "a number of milliseconds", "NaN"],
    ]);
  });
});

describe("streams", () => {
  test.each(["true", "head -c1"])(
    "%s ends with input still to come: the source is closed (PRC-07)",
    async (command) => {
      for (const silent of [false, true]) {
        let closed = false;
        async function* endless(): AsyncGenerator<string> {
          try {
            yield "x".repeat(1_000_000);
            if (silent) await sleep(never);
            for (;;) yield "x".repeat(1_000_000);
          } finally {
            closed = true;
          }
        }
        const { stdout } = await sh(command, { input: endless() });
        expect([stdout, closed]).toEqual([command === "true" ? "" : "x", true]);
      }
    },
  );

  test("an input that fails ends the process, and its error is thrown itself", async () => {
    const failure = new Error("source is broken");
    async function* broken(): AsyncGenerator<string> {
      yield "first\n";
      throw failure;
    }
    const env = markedEnv();
    expect(await rejection(runProcess("cat", [], { env, input: broken(), grace: never }))).toBe(failure);
    expect(aliveWith(env)).toEqual([]);
  });

  test("a slow reader slows the process, and nothing is lost after its end (PRC-08)", async () => {
    const size = 50_000_000;
    const hash = createHash("sha256");
    let [read, readAtEnd] = [0, -1];
    await sh(`yes 0123456789 | head -c ${size}; echo end >&2`, {
      stdout: async (chunks) => {
        let pauses = 0;
        for await (const chunk of chunks) {
          hash.update(chunk);
          read += chunk.length;
          if (read > pauses * 2_000_000) {
            pauses++;
            await sleep(1);
          }
        }
      },
      stderr: async (chunks) => {
        for await (const _ of chunks) readAtEnd = read;
      },
    });
    expect(read).toBe(size);
    // The bytes that were not read are in the pipe, or in the buffers of the stream.
    expect(readAtEnd).toBeGreaterThan(size - 1_000_000);
    const lines = Buffer.from("0123456789\n".repeat(size / 11 + 1)).subarray(0, size);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(lines).digest("hex"));
  });

  test("bytes that split a character are joined in a text (PRC-08)", async () => {
    const half = new Event();
    async function* input(): AsyncGenerator<string> {
      await half.wait();
      yield "go on\n";
    }
    const { stdout } = await sh("printf '\\342\\202'; echo half >&2; read line; printf '\\254'", {
      input: input(),
      stderr: async (chunks) => {
        for await (const _ of chunks) half.set();
      },
    });
    expect(stdout).toBe("€");
  });

  test("a reader that stops closes the pipe, and one that fails ends the process", async () => {
    const first = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const chunk of chunks) {
        expect(chunk.every(isZero)).toBe(true);
        return;
      }
    };
    const stopped = await rejection(runProcess("cat", ["/dev/zero"], { stdout: first }));
    expect(stopped).toBeInstanceOf(ProcessFailedError);
    // Linux ends `cat` by SIGPIPE, or tells it that the connection was reset if output of `cat` was not read.
    const { signal, exitCode } = (stopped as ProcessFailedError).process;
    expect(signal ?? exitCode).toBeOneOf(["SIGPIPE", 1]);
    const env = markedEnv();
    const failure = new Error("no space");
    const failing = (): never => {
      throw failure;
    };
    expect(await rejection(runProcess("sleep", ["600"], { env, stdout: failing }))).toBe(failure);
    expect(aliveWith(env)).toEqual([]);
  });
});

describe("the guard of the groups", () => {
  test("a guard that was killed is replaced for the next process, and one that is missing holds nothing up", async () => {
    const token = new CancellationToken();
    const ended = rejection(runProcess("sleep", ["600"], { token, grace: never }));
    await until(() => guards().length === 1);
    const [first] = guards();
    process.kill(Number(first), "SIGKILL");
    await until(() => guards().length === 0);
    expect((await sh("echo out")).stdout).toBe("out\n");
    token.cancel();
    expect(await ended).toMatchObject({ process: { ending: "cooperative" } });
    const { PATH } = process.env;
    process.env.PATH = "/nowhere";
    try {
      expect((await runProcess("/bin/echo", ["out"])).stdout).toBe("out\n");
    } finally {
      process.env.PATH = PATH;
    }
    expect(guards()).toEqual([]);
  });
});

test.each(backends.filter(({ name }) => name !== "virtual"))(
  "a process is cancelled on the backend $name (PRC-01)",
  async ({ create }) => {
    const env = markedEnv();
    await run(
      async () => {
        expect((await runProcess("echo", ["out"], { env })).stdout).toBe("out\n");
        const error = await rejection(runProcess("sleep", ["600"], { env, timeout: 300, grace: never }));
        expect(error).toMatchObject({ reason: "timeout", process: { ending: "cooperative" } });
      },
      { backend: create() },
    );
    expect(aliveWith(env)).toEqual([]);
  },
);

test("1,000 runs leave no zombie, handle, listener or guard (PRC-11)", async () => {
  const env = markedEnv();
  /** Without timers and immediates, because the test runner has some that come and go. */
  const handles = (): string[] =>
    process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate" && kind !== "Timeout");
  const [before, events] = [handles(), process.eventNames()];
  let most = 0;
  await map(
    Array.from({ length: 1_000 }),
    async () => {
      const running = runProcess("true", [], { env, input: "" });
      most = Math.max(most, guards().length);
      await running;
    },
    { concurrency: 10 },
  );
  expect(most).toBeGreaterThanOrEqual(1);
  expect([zombies(), aliveWith(env), guards()]).toEqual([[], [], []]);
  expect(process.eventNames()).toEqual(events);
  // The host closes a pipe in a later turn.
  await until(() => handles().length <= before.length);
}, 240_000);
