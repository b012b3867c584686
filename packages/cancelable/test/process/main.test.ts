import { constants } from "node:os";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { waitFor } from "../../src/index.ts";
import { main } from "../../src/process/index.ts";
import { rejection } from "../backends.ts";
import { expectRejects, wrong } from "../refusals.ts";
import { buildProgram, type Ended, runProgram } from "./program.ts";

/** The runs of each program, because a race between a signal and the program shows only sometimes. */
const times = 40;

/** A program that waits for a signal. Each build replaces `KIND`, the reaction to the signal, and `GRACE`. */
const program = `
  import { createServer, connect } from "node:net";
  import { sleep, sleepForever, shield } from "@hother/cancelable";
  import { main } from "@hother/cancelable/process";

  const open = () =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.on("error", () => {})).listen(0, () => {
        connect(server.address().port).on("error", () => {}).on("connect", resolve);
      });
    });
  await main(
    async (op) => {
      if (KIND === "socket") await open();
      try {
        console.log("ready");
        await sleep(60_000);
      } finally {
        if (KIND === "hang") {
          console.log("hangs");
          await shield(() => sleepForever());
        }
        // With a socket the grace is short: it is to end the process, and not the clean-up.
        if (KIND !== "socket") await op.shield(() => sleep(1));
        console.log("cleaned up", op.context.cancelReason);
      }
    },
    { grace: GRACE },
  );
`;

const builds: Record<string, string> = {};

beforeAll(async () => {
  for (const [kind, grace] of [
    ["clean", "60_000"],
    ["hang", "60_000"],
    ["hang briefly", "20"],
    ["socket", "20"],
  ] as const) {
    const text = program.replaceAll("KIND", `"${kind.split(" ")[0]}"`).replaceAll("GRACE", grace);
    builds[kind] = await buildProgram(text);
  }
});

/** Runs a program several times, two at once because a machine has two cores at least. */
async function repeat(runs: number, run: () => Promise<void>): Promise<void> {
  let left = runs;
  const one = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  await Promise.all([one(), one()]);
}

/** The exit code as a shell shows it: a process that a signal has killed has 128 plus its number. */
const shellCode = ({ code, signal }: Ended): number | null =>
  signal === null ? code : 128 + constants.signals[signal];

describe.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s", (name, exitCode) => {
  const said = (limit: string): unknown[] => [
    `Cancelled by ${name}. Ends at once after ${limit}, or with a second signal.`,
  ];

  test(`one signal cleans up and ends with ${exitCode} and one line (VERB-35, SHD-08)`, async () => {
    await repeat(times, async () => {
      const ended = await runProgram(builds.clean as string, (output, child) => {
        if (output === "ready\n") process.kill(child.pid as number, name);
      });
      expect(ended).toEqual({
        code: exitCode,
        signal: null,
        output: "ready\ncleaned up signal\n",
        errors: said("60 s"),
      });
    });
  }, 120_000);

  test("a second signal ends a clean-up that hangs, as without the library (VERB-35, SHD-07)", async () => {
    await repeat(name === "SIGINT" ? 8 : times, async () => {
      const ended = await runProgram(builds.hang as string, (output, child) => {
        if (output.endsWith("ready\n")) process.kill(child.pid as number, name);
        // A second SIGINT has no effect for a moment, so the user presses Ctrl-C until the program ends.
        if (output.endsWith("hangs\n")) {
          // `child.kill` of Deno sends one signal only.
          const press = (): void => {
            try {
              if (child.exitCode === null && child.signalCode === null)
                process.kill(child.pid as number, name);
            } catch {
              // The program has ended, and its event has not come yet.
            }
          };
          const pressing = setInterval(press, 100);
          child.once("exit", () => clearInterval(pressing));
          press();
        }
      });
      // On a loaded machine the clean-up can hang for so long that the library warns.
      const errors = ended.errors.filter((line) => !line.includes("was cancelled 5 s ago"));
      expect({ ...ended, errors }).toEqual({
        code: null,
        signal: name,
        output: "ready\nhangs\n",
        errors: said("60 s"),
      });
    });
  }, 120_000);

  test("the grace ends a clean-up that hangs (VERB-35)", async () => {
    await repeat(times, async () => {
      const ended = await runProgram(builds["hang briefly"] as string, (output, child) => {
        if (output === "ready\n") process.kill(child.pid as number, name);
      });
      expect(shellCode(ended)).toBe(exitCode);
      expect(ended).toMatchObject({ output: "ready\nhangs\n", errors: said("20 ms") });
    });
  }, 120_000);

  test("a socket that was left open does not keep the program alive longer than the grace (VERB-35)", async () => {
    await repeat(times, async () => {
      const ended = await runProgram(builds.socket as string, (output, child) => {
        if (output === "ready\n") process.kill(child.pid as number, name);
      });
      expect(shellCode(ended)).toBe(exitCode);
      expect(ended).toMatchObject({ output: "ready\ncleaned up signal\n", errors: said("20 ms") });
    });
  }, 120_000);
});

test("one Ctrl-C that arrives twice, as npm and pnpm deliver it, lets the clean-up run (SHD-07)", async () => {
  await repeat(times, async () => {
    const ended = await runProgram(builds.clean as string, (output, child) => {
      if (output !== "ready\n") return;
      process.kill(child.pid as number, "SIGINT");
      process.kill(child.pid as number, "SIGINT");
      setTimeout(() => child.kill("SIGINT"), 1);
    });
    // A signal that arrives while the process already ends has its default effect, which is the same exit code.
    expect(shellCode(ended)).toBe(130);
    expect(ended.output).toBe("ready\ncleaned up signal\n");
  });
}, 120_000);

/** Each program: the source after the imports, its exit code, its lines on stderr, and its output. */
const endings: ReadonlyArray<
  readonly [title: string, source: string, code: number, errors: readonly unknown[], output: string]
> = [
  ["a body that returns", `await main(() => console.log("done"));`, 0, [], "done\n"],
  ["the exit code of the program", "await main(() => { process.exitCode = 3; });", 3, [], ""],
  [
    "a throw",
    `await main(async () => { await sleep(1); throw new TypeError("no\\nfile", { cause: new Error("gone") }); });
     console.log("after main", process.listenerCount("SIGINT"), process.listenerCount("uncaughtException"));`,
    1,
    [expect.stringMatching(/^Failed: TypeError: no file \(at .*\), caused by Error: gone$/)],
    "after main 0 0\n",
  ],
  [
    "a throw of something that is no error",
    "await main(() => { throw { status: 500 }; });",
    1,
    ['Failed: {"status":500}'],
    "",
  ],
  [
    "an error that must not be looked at",
    "await main(() => { throw new Proxy(new Error(), { get() { throw new Error(); } }); });",
    1,
    [expect.stringMatching(/^Failed: /)],
    "",
  ],
  [
    "several failures",
    `await main(() => { throw new AggregateError([new Error("one"), "two"], "both"); });`,
    1,
    [expect.stringMatching(/^Failed: AggregateError: both \[Error: one \(at .*\); "two"\] \(at /)],
    "",
  ],
  [
    "a cancellation by the program",
    `await main(async (op) => { op.cancel("quota", "no credit"); await sleep(1); });`,
    1,
    ["Cancelled: no credit"],
    "",
  ],
  [
    "an uncaught error",
    `await main(async () => {
       setTimeout(() => { throw new RangeError("too far"); });
       await sleep(60_000).finally(() => console.log("cleaned up"));
     });`,
    1,
    [expect.stringMatching(/^Uncaught error: RangeError: too far \(at /)],
    "cleaned up\n",
  ],
  [
    "a rejection that no code handles",
    `await main(async () => {
       void Promise.reject(new RangeError("too far"));
       await sleep(60_000).finally(() => console.log("cleaned up"));
     });`,
    1,
    [expect.stringMatching(/^Uncaught error: RangeError: too far \(at /)],
    "cleaned up\n",
  ],
  [
    "a body that nothing can wake",
    `await main(async () => { await waitFor(new Promise(() => {})).finally(() => console.log("cleaned up")); });`,
    1,
    ["Nothing is left that could wake the program, whose body has not ended."],
    "cleaned up\n",
  ],
  [
    "a failed clean-up after a signal",
    `await main(async () => {
       try {
         process.kill(process.pid, "SIGTERM");
         await sleep(60_000);
       } finally {
         throw new Error("not closed");
       }
     });`,
    143,
    [expect.stringMatching(/^Cancelled by SIGTERM/), expect.stringMatching(/^Failed: Error: not closed/)],
    "",
  ],
  [
    "a signal of the user's choice, without a bound",
    `await main(async () => { process.kill(process.pid, "SIGUSR2"); await sleep(60_000); },
       { signals: "SIGUSR2", grace: null });`,
    140,
    ["Cancelled by SIGUSR2. Ends at once with a second signal."],
    "",
  ],
  [
    "an open timer after the body",
    `setInterval(() => {}, 1_000);
     await main(() => { process.exitCode = 4; }, { grace: 20 });`,
    4,
    [expect.stringMatching(/^Ended 20 ms after its body\. Still open: .*(Timeout|unknown)/)],
    "",
  ],
];

/** Bun and Deno keep a program alive whose top-level `await` nothing can wake. */
const isNode = !("bun" in process.versions || "deno" in process.versions);
const ofHost = endings.filter(([title]) => isNode || title !== "a body that nothing can wake");

test.each(ofHost)("%s: exit code and stderr (VERB-35)", async (_, source, code, errors, output) => {
  const file = await buildProgram(`
    import { sleep, waitFor } from "@hother/cancelable";
    import { main } from "@hother/cancelable/process";
    ${source}
  `);
  expect(await runProgram(file)).toEqual({ code, signal: null, errors, output });
});

describe("in this process", () => {
  const written: string[] = [];
  const exit = vi.fn();
  const kill = vi.fn();
  let codeBefore: typeof process.exitCode;

  beforeEach(() => {
    codeBefore = process.exitCode;
    written.length = 0;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    vi.spyOn(process, "exit").mockImplementation(exit as never);
    vi.spyOn(process, "kill").mockImplementation(kill);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.clearAllMocks();
    vi.useRealTimers();
    process.exitCode = codeBefore;
  });

  /** Calls the listener that was added last, and not those of the test runner. */
  const emit = (event: string, ...args: unknown[]): void =>
    void process.listeners(event as "exit").at(-1)?.(...(args as [0]));

  const waits = (): Promise<unknown> => main(() => waitFor(new Promise(() => {})), { signals: "SIGUSR2" });

  test("a signal sets the exit code, and the grace ends the process by this signal (VERB-35)", async () => {
    const ended = waits();
    emit("SIGUSR2");
    await ended;
    expect(written).toEqual(["Cancelled by SIGUSR2. Ends at once after 10 s, or with a second signal.\n"]);
    expect(process.exitCode).toBe(128 + constants.signals.SIGUSR2);
    vi.advanceTimersByTime(9_999);
    expect(kill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect([kill.mock.calls, exit.mock.calls]).toEqual([[[process.pid, "SIGUSR2"]], []]);
  });

  test("with another listener of the signal, the grace ends the process by its exit code (VERB-35)", async () => {
    const other = (): void => {};
    process.on("SIGUSR2", other);
    const ended = waits();
    emit("SIGUSR2");
    await ended;
    vi.advanceTimersByTime(10_000);
    process.off("SIGUSR2", other);
    expect([kill.mock.calls, exit.mock.calls]).toEqual([[], [[]]]);
  });

  test("an uncaught error and a body that nothing can wake cancel, and are said once (VERB-35)", async () => {
    for (const [event, line] of [
      ["uncaughtException", /^Uncaught error: "odd"\n$/],
      ["unhandledRejection", /^Uncaught error: "odd"\n$/],
      ["beforeExit", /^Nothing is left that could wake the program/],
    ] as const) {
      const ended = waits();
      emit(event, "odd");
      if (event === "beforeExit") emit(event);
      await ended;
      expect(written.splice(0)).toEqual([expect.stringMatching(line)]);
      expect(process.exitCode).toBe(1);
    }
  });

  test("a resource that is open after the body is named at the end of the grace (VERB-35)", async () => {
    await main(() => {}, { grace: { days: 30 } });
    vi.advanceTimersByTime(30 * 86_400_000 - 1);
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(exit).toHaveBeenCalledOnce();
    expect(written).toEqual([expect.stringMatching(/^Ended 2592000 s after its body\. Still open: \w+/)]);
    vi.spyOn(process, "getActiveResourcesInfo").mockReturnValue([]);
    await main(() => {}, { grace: 1 });
    vi.advanceTimersByTime(1);
    expect(written.at(-1)).toBe("Ended 1 ms after its body. Still open: unknown\n");
  });

  test("without options the grace is 10 s (VERB-35)", async () => {
    await main(() => {});
    vi.advanceTimersByTime(9_999);
    expect(exit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(exit).toHaveBeenCalledOnce();
  });

  test("failures are one line each (VERB-35)", async () => {
    const stackless = Object.assign(new Error("no stack", { cause: "text" }), { stack: undefined });
    const circular: { cause?: unknown } & Error = new Error("a");
    circular.cause = circular;
    const closed = new Proxy(new Error(), {
      get() {
        throw new Error();
      },
    });
    for (const [error, line] of [
      [stackless, /^Failed: Error: no stack, caused by "text"\n$/],
      [circular, /^Failed: Error: a \(at .*\)\n$/],
      [new AggregateError(["x"], "b"), /^Failed: AggregateError: b \["x"\] \(at /],
      [closed, /^Failed: .*\n$/],
      [undefined, /^Failed: undefined\n$/],
    ] as const) {
      await main(
        () => {
          throw error;
        },
        { grace: null },
      );
      expect(written.splice(0)).toEqual([expect.stringMatching(line)]);
    }
    await main(
      async (op) => {
        op.cancel("quota", "no credit");
        op.check();
      },
      { grace: null },
    );
    const ended = main(() => waitFor(new Promise(() => {})), { signals: "SIGUSR2", grace: null });
    emit("SIGUSR2");
    await ended;
    expect(written).toEqual([
      "Cancelled: no credit\n",
      "Cancelled by SIGUSR2. Ends at once with a second signal.\n",
    ]);
  });
});

test("wrong arguments are refused, and the body does not run", async () => {
  let ran = false;
  const body = (): void => {
    ran = true;
  };
  await expectRejects("TypeError", [
    [() => main(wrong("start")), "body", "a function", '"start"'],
    [
      () => main(body, { grace: wrong("5 s") }),
      "options.grace",
      "milliseconds, a Duration such as { seconds: 5 }, or null",
      '"5 s"',
    ],
  ]);
  await expectRejects("RangeError", [
    [() => main(body, { grace: Number.NaN }), "options.grace", "a number of milliseconds", "NaN"],
    [
      () => main(body, { signals: wrong("SIGNOTHING") }),
      "signals[0]",
      'the name of a signal that this system has, such as "SIGINT"',
      '"SIGNOTHING"',
    ],
  ]);
  expect(await rejection(main(body, wrong({ signal: "SIGINT" })))).toMatchObject({
    code: "ERR_UNKNOWN_OPTION",
  });
  expect(ran).toBe(false);
});
