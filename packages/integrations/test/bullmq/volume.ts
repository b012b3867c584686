import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Queue } from "bullmq";
import { build } from "esbuild";
import { Redis } from "ioredis";
import { packagesForEsbuild } from "../../../../tools/hosts/built-files.ts";
import { type CancelJobAnswer, cancelJob } from "../../src/bullmq/index.ts";

const packages = fileURLToPath(new URL("../../../", import.meta.url));

interface VolumePlan {
  readonly port: number;
  readonly jobs: number;
  readonly cancelled: number;
  readonly processes: number;
}

/** What has happened. */
export interface VolumeOutcome {
  /** How many cancellations had which answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** What is wrong. Empty if all is well. */
  readonly problems: readonly string[];
}

/**
 * Runs jobs on several worker processes. This process cancels some of them, and kills one worker in the middle. Then each job must
 * have ended as asked, none must be lost, and none must have started after its cancellation was answered.
 */
export async function runVolume({ port, jobs, cancelled, processes }: VolumePlan): Promise<VolumeOutcome> {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue("volume", { connection });
  const log = new Redis(connection);
  const program = await bundle();
  const workers = Array.from({ length: processes }, () => startWorker(program, port));
  try {
    const added = await queue.addBulk(
      Array.from({ length: jobs }, (_, i) => ({
        name: "job",
        data: { ms: 5 + ((i * 37) % 50) },
        opts: { attempts: 3 },
      })),
    );
    const ids = added.map(({ id }) => id ?? "");
    await until(async () => (await queue.getCompletedCount()) > jobs / 20);
    const answers = new Map<string, CancelJobAnswer>();
    // Every n-th job, and the running ones among them first.
    const every = Math.floor(jobs / cancelled);
    const chosen = ids.filter((_, i) => i % every === 0).slice(0, cancelled);
    const active = new Set((await queue.getActive()).map(({ id }) => id ?? ""));
    const inOrder = [...active, ...chosen.filter((id) => !active.has(id))].slice(0, cancelled);
    const cancelling = inOrder.map(async (id, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 3));
      const answer = await cancelJob(queue, id, "quota");
      await log.rpush("log", `${id} answered`);
      answers.set(id, answer);
    });
    await until(async () => (await queue.getCompletedCount()) > jobs / 4);
    workers[0]?.kill("SIGKILL");
    await Promise.all(cancelling);
    await until(async () => {
      const counts = await queue.getJobCounts("wait", "active", "delayed", "prioritized");
      return Object.values(counts).every((count) => count === 0);
    });
    return await check(queue, log, ids, answers);
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await Promise.all(workers.map((worker) => worker.exitCode ?? worker.signalCode ?? once(worker, "exit")));
    await queue.close();
    log.disconnect();
  }
}

async function check(
  queue: Queue,
  log: Redis,
  ids: readonly string[],
  answers: ReadonlyMap<string, CancelJobAnswer>,
): Promise<VolumeOutcome> {
  const problems: string[] = [];
  const counts: Record<string, number> = {};
  const lines = (await log.lrange("log", 0, -1)).map((line) => line.split(" "));
  const places = new Map<string, { start: number; done: number; answered: number }>();
  for (const [place, [id = "", what]] of lines.entries()) {
    const own = places.get(id) ?? { start: -1, done: -1, answered: Number.POSITIVE_INFINITY };
    if (what === "start" || what === "done" || what === "answered") own[what] = place;
    places.set(id, own);
  }
  for (const id of ids) {
    const job = await queue.getJob(id);
    const state = job === undefined ? "gone" : await job.getState();
    const { start = -1, done = -1, answered = 0 } = places.get(id) ?? {};
    const answer = answers.get(id);
    const told = answer === undefined ? "not cancelled" : JSON.stringify(answer);
    if (answer !== undefined) counts[told] = (counts[told] ?? 0) + 1;
    const tell = (what: string): void => void problems.push(`job ${id}: ${what}; ${told}, ${state}`);
    if (answer !== undefined && start > answered) tell("has started after the answer");
    if (state !== expected(answer)) tell(`should be ${expected(answer)}`);
    if (state === "completed" && done < 0) tell("has not run to its end");
    if (answer?.status === "removed" && start >= 0) tell("was removed after its start");
  }
  return { answers: counts, problems };
}

/** The state in which a job must be at the end. */
function expected(answer: CancelJobAnswer | undefined): string {
  if (answer === undefined) return "completed";
  if (answer.status === "removed") return "gone";
  if (answer.status === "ended") return answer.end === "completed" ? "completed" : "failed";
  if (answer.status === "finished") return answer.end;
  return "failed"; // the next worker hears the stored request
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error("the jobs have not ended after 60 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function startWorker(program: string, port: number): ChildProcess {
  const args = ["--input-type=module", "-", "volume", `${port}`];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "inherit", "inherit"] });
  child.stdin?.end(program);
  return child;
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("volume-worker.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["bullmq", "ioredis"],
    ...packagesForEsbuild(),
  });
  return outputFiles[0]?.text ?? "";
}
