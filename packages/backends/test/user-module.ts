/*
 * A module of a user that knows this library and no runtime. A plain program, an Effect program and an Effection
 * program import it unchanged: see user-module.test.ts.
 */
import {
  Cancellable,
  Event,
  isCancellation,
  moveOnAfter,
  Queue,
  shield,
  sleep,
  TimeoutSource,
  taskGroup,
} from "@hother/cancelable";

/** Processes `jobs` with two workers. Jobs that take longer than their limit are left out. */
export async function report(jobs: readonly string[], log: (line: string) => void): Promise<string[]> {
  const done: string[] = [];
  const queue = new Queue<string>(1);
  // The slow job comes last on every machine, so that the order of the lines is always the same.
  const others = new Event();
  await taskGroup(async (group) => {
    for (const worker of [1, 2]) {
      group.startSoon(async () => {
        for await (const job of queue) {
          if (job === "slow") await others.wait();
          const result = await moveOnAfter(job === "slow" ? 5 : 60_000, () => fetchJob(job));
          log(`worker ${worker}: ${job} ${result ?? "took too long"}`);
          if (result !== undefined) done.push(result);
          if (done.length === jobs.length - 1) others.set();
        }
      });
    }
    for (const job of jobs) await queue.put(job);
    queue.close();
  });
  return done.sort();
}

async function fetchJob(job: string): Promise<string> {
  await sleep(job === "slow" ? 60_000 : 5);
  return `${job}!`;
}

/** Runs until it is cancelled, releases its resources, and records the reason. */
export async function serve(op: Cancellable, log: (line: string) => void): Promise<void> {
  try {
    await op.run(async () => {
      log("serving");
      try {
        await sleep({ hours: 1 });
      } finally {
        await shield(() => sleep(1));
        log("released");
      }
    });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    log(`stopped: ${op.token.reason}`);
  }
}

/** The parts of the programs, in sequence. */
export async function main(log: (line: string) => void): Promise<void> {
  log((await report(["a", "slow", "b", "c"], log)).join(" "));
  // The limit begins with the work: a limit that passes before it leaves an operation unstarted.
  const limited = new Cancellable();
  await serve(limited, (line) => {
    log(line);
    if (line === "serving") limited.addSource(new TimeoutSource(5));
  });
  const op = new Cancellable();
  const isServing = new Event();
  await taskGroup(async (group) => {
    group.startSoon(() =>
      serve(op, (line) => {
        log(line);
        isServing.set();
      }),
    );
    await isServing.wait();
    op.cancel("shutdown");
  });
}
