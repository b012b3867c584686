import { randomUUID } from "node:crypto";
import {
  type CancellationError,
  type CancellationReason,
  report,
  type Span,
  waitFor,
} from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireKnownOptions,
  requireText,
  toInterval,
} from "@hother/cancelable/extending";
import type { Queue, RedisClient } from "bullmq";
import { type BodyEnd, type CancelReply, type CancelRequest, read, readCancellation } from "./messages.ts";
import { cancelledField, requestField, runScript, storeRequest } from "./scripts.ts";
import { Subscription } from "./subscription.ts";

/** The options of {@link cancelJob}. */
export interface CancelJobOptions {
  /** The message of the cancellation, and the `failedReason` of the job. Default: one that names the reason. */
  readonly message?: string | undefined;
  /** How long to wait for a worker that runs the job. Default: 10 s. */
  readonly timeout?: Span | undefined;
}

const known: KnownOptions<CancelJobOptions> = { message: 1, timeout: 1 };

/** The end of a job that was to be cancelled. */
export type CancelJobAnswer =
  /** The worker says that the body of the job has ended, and how. A job that ends as `cancelled` or `failed` is not retried. */
  | { readonly status: "ended"; readonly end: Exclude<BodyEnd, "moved"> }
  /** The job waited, was delayed, or was a parent that waited for its children. It is removed, and does not start any more. */
  | { readonly status: "removed" }
  /** The job had ended before. */
  | { readonly status: "finished"; readonly end: "completed" | "failed" }
  /**
   * The job is active, and no worker that is connected runs it: its worker has died, or knows no requests. The request is kept
   * with the job. A worker that gets the job later does not call the processor.
   */
  | { readonly status: "no-worker" }
  /** The queue has no such job. */
  | { readonly status: "missing" }
  /** The worker has not answered in time. The request is kept with the job. */
  | { readonly status: "unanswered" };

/** How long a worker may take to connect again, in ms. BullMQ waits for 1 s before it tries, and for 1 s again. */
const reconnectWithin = 3_000;
/** How long the answer of a worker may take when its job has ended, in ms. */
const replyWithin = 200;
/** The pauses between two looks at a job, in ms. */
const firstPause = 20;
const longestPause = 500;

/**
 * Cancels a job, in whatever process it runs, and waits until its body has ended. The children of a flow are cancelled with their
 * parent. The request is stored with the job, so that a worker that connects again, or that gets the job after the death of its
 * worker, still hears it.
 *
 * The wait follows the ambient scope. The request stays when it is cut off.
 *
 * @param queue The queue of the job. Its connection must be one of ioredis.
 * @param reason Default: `manual`.
 * @returns The end of the job.
 * @throws TypeError for a wrong argument, and the error of BullMQ for a waiting job that it does not remove, such as the next job of
 * a scheduler: the request has no effect then.
 */
export async function cancelJob(
  queue: Queue,
  jobId: string,
  reason: CancellationReason = "manual",
  options?: CancelJobOptions,
): Promise<CancelJobAnswer> {
  requireQueue(queue);
  if (typeof jobId !== "string" || jobId === "") throw invalidType("jobId", "the id of a job", jobId);
  requireKnownOptions(options, known, "cancelJob");
  const { message, timeout = 10_000 } = options ?? {};
  requireText(message, "options.message");
  if (typeof reason !== "string" || !/^[a-z]+(-[a-z]+)*$/.test(reason))
    throw invalidType("reason", 'a word such as "quota"', reason);
  const ms = toInterval(timeout, "options.timeout");
  const stop = new AbortController();
  try {
    return await waitFor(() => cancel(queue, jobId, { reason, message }, ms, stop.signal));
  } finally {
    stop.abort();
  }
}

/** The cancellation that has ended a job. Undefined for a job that was not cancelled, or was removed. */
export async function cancellationOfJob(queue: Queue, jobId: string): Promise<CancellationError | undefined> {
  requireQueue(queue);
  const client = await queue.backend.client;
  return readCancellation(await client.hget(`${queue.qualifiedName}:${jobId}`, cancelledField));
}

function requireQueue(queue: unknown): asserts queue is Queue {
  const { backend, getJob } = (queue ?? {}) as Partial<Queue>;
  if (typeof getJob !== "function" || typeof backend !== "object" || !("client" in backend))
    throw invalidType("queue", "a Queue of BullMQ on Redis", queue);
}

/** The answers for the requests of one queue object. */
interface Replies {
  readonly channel: string;
  readonly ready: Promise<void>;
  readonly waiting: Map<string, (end: BodyEnd) => void>;
}

const repliesOf = new WeakMap<Queue, Replies>();

function repliesFor(queue: Queue): Replies {
  const existing = repliesOf.get(queue);
  if (existing !== undefined && queue.closing === undefined) return existing;
  const channel = `${queue.qualifiedName}:cancelable:reply:${randomUUID()}`;
  const waiting: Replies["waiting"] = new Map();
  const { ready } = new Subscription(queue.backend.client, channel, (text) => {
    const reply = read<CancelReply>(text);
    if (reply !== undefined) waiting.get(reply.id)?.(reply.end);
  });
  const replies = { channel, ready, waiting };
  repliesOf.set(queue, replies);
  ready.catch(() => repliesOf.delete(queue));
  return replies;
}

async function cancel(
  queue: Queue,
  jobId: string,
  why: Pick<CancelRequest, "reason" | "message">,
  timeout: number,
  stop: AbortSignal,
): Promise<CancelJobAnswer> {
  const replies = repliesFor(queue);
  await replies.ready;
  const client = await queue.backend.client;
  const { reason, message } = why;
  const request: CancelRequest = { id: randomUUID(), jobId, reply: replies.channel, reason, message };
  const reply = new Promise<BodyEnd>((resolve) => replies.waiting.set(request.id, resolve));
  try {
    return await new Cancelling(queue, client, request, reply, timeout, stop).answer();
  } finally {
    replies.waiting.delete(request.id);
  }
}

/** One request, until there is an answer. The state of the job decides the next step, and is read again after each pause. */
class Cancelling {
  readonly #queue: Queue;
  readonly #client: RedisClient;
  readonly #request: CancelRequest;
  readonly #reply: Promise<BodyEnd>;
  readonly #timeout: number;
  /** Aborted when the caller waits for the answer no more. */
  readonly #stop: AbortSignal;
  readonly #began = Date.now();
  /**
   * For how long no worker is connected that has the lock of the job, in ms. The sum of the pauses: in a moment in which this
   * process or the server stands still, a worker cannot connect either.
   */
  #aloneFor = 0;
  #wasActive = false;

  constructor(
    queue: Queue,
    client: RedisClient,
    request: CancelRequest,
    reply: Promise<BodyEnd>,
    timeout: number,
    stop: AbortSignal,
  ) {
    this.#stop = stop;
    this.#queue = queue;
    this.#client = client;
    this.#request = request;
    this.#reply = reply;
    this.#timeout = timeout;
  }

  async answer(): Promise<CancelJobAnswer> {
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      const [state, ...facts] = await this.#store();
      if (state === "missing" || state === "completed" || state === "failed") {
        // The answer of the worker can be on its way.
        const end = this.#wasActive ? await this.#replyWithin(replyWithin) : undefined;
        if (end !== undefined && end !== "moved") return { status: "ended", end };
        if (state === "missing") return { status: "missing" };
        return this.#wasActive ? this.#endedAs(state) : { status: "finished", end: state };
      }
      const isAlone = state === "active" && facts[0] === "0";
      if (state === "active") this.#wasActive = true;
      else if (await this.#remove(state === "waiting-children" ? facts : [])) return { status: "removed" };
      const left = this.#timeout - (Date.now() - this.#began);
      if (isAlone && (left <= 0 || this.#aloneFor >= reconnectWithin)) return { status: "no-worker" };
      if (left <= 0 || this.#stop.aborted) return { status: "unanswered" };
      const wait = Math.min(pause, left);
      const end = await this.#replyWithin(wait);
      if (end !== undefined && end !== "moved") return { status: "ended", end };
      this.#aloneFor = isAlone ? this.#aloneFor + wait : 0;
    }
  }

  /** How the body has ended, if the worker has answered only another request that came at the same time. */
  async #endedAs(state: "completed" | "failed"): Promise<CancelJobAnswer> {
    const cancelled = await this.#client.hget(this.#key, cancelledField);
    return { status: "ended", end: cancelled === null ? state : "cancelled" };
  }

  get #key(): string {
    return `${this.#queue.qualifiedName}:${this.#request.jobId}`;
  }

  async #store(): Promise<string[]> {
    const text = JSON.stringify(this.#request);
    const args = [`${this.#queue.qualifiedName}:`, this.#request.jobId, text];
    return (await runScript(this.#client, storeRequest, this.#key, args)) as string[]; // of the script
  }

  async #remove(children: readonly string[]): Promise<boolean> {
    const job = await this.#queue.getJob(this.#request.jobId);
    if (job === undefined) return true;
    try {
      if (children.length > 0) await this.#cancelChildren(children);
      await job.remove({ removeChildren: false });
      return true;
    } catch (error) {
      // A worker has taken it meanwhile, or it is about to move.
      if (error instanceof Error && error.message.includes("is locked")) return false;
      // For example the next job of a scheduler, which BullMQ does not remove alone.
      await this.#client.hdel(this.#key, requestField);
      throw error;
    }
  }

  /** @param keys Of the children that have not ended. */
  async #cancelChildren(keys: readonly string[]): Promise<void> {
    const answers = keys.map(async (key) => {
      const at = key.lastIndexOf(":");
      const queue = await this.#queueOf(key.slice(0, at));
      return cancel(queue, key.slice(at + 1), this.#request, this.#timeout, this.#stop);
    });
    for (const answer of await Promise.allSettled(answers))
      if (answer.status === "rejected") report(answer.reason, `a child of job ${this.#request.jobId}`);
  }

  async #queueOf(qualifiedName: string): Promise<Queue> {
    if (qualifiedName === this.#queue.qualifiedName) return this.#queue;
    return queueLike(this.#queue, this.#client, qualifiedName);
  }

  async #replyWithin(ms: number): Promise<BodyEnd | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, ms, undefined);
    });
    try {
      return await Promise.race([this.#reply, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const otherQueues = new WeakMap<RedisClient, Map<string, Queue>>();

/** A queue over the same connection. */
function queueLike(queue: Queue, client: RedisClient, qualifiedName: string): Queue {
  let queues = otherQueues.get(client);
  if (queues === undefined) {
    queues = new Map();
    otherQueues.set(client, queues);
  }
  let other = queues.get(qualifiedName);
  if (other === undefined) {
    const at = qualifiedName.lastIndexOf(":");
    const type = queue.constructor as new (name: string, options: object) => Queue; // a Queue of BullMQ
    other = new type(qualifiedName.slice(at + 1), {
      connection: client,
      prefix: qualifiedName.slice(0, at),
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    queues.set(qualifiedName, other);
  }
  return other;
}
