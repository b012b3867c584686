/*
 * Calls of other threads to functions of this one. This file is long because the gates, the queue and the tasks of a bridge
 * change together, by the following invariants.
 *
 *  B1  All calls wait in one queue, before the first start too. The calls of one thread are in their order.
 *  B2  A call is taken or refused by one atomic operation, in the thread that calls (`call-gate.ts`). `stop` closes the
 *      gates and runs all calls that were taken before, also those that are still on their way.
 *  B3  Messages are received at once and handlers run from the queue, so no cancellation is behind a handler. A handler that
 *      waits holds up no other.
 *  B4  Handlers are tasks of a group below the scope that started the bridge. When the group ends, none of them runs.
 *  B5  An idle bridge keeps no thread alive.
 */

import { runOutside } from "#platform/ambient";
import { createPorts, openPort, type ThreadPort } from "#platform/thread-port";
import { invalidType, outOfRange, requireFunction, requireText, requireWhole } from "../arguments.ts";
import { detectBackend } from "../backends/detect.ts";
import { setThreadCalls, type ThreadCalls } from "../backends/thread-operations.ts";
import { markCopy } from "../copy.ts";
import { isCancellationError } from "../errors.ts";
import { checkpoint } from "../flow/checkpoint.ts";
import { currentScope } from "../flow/current.ts";
import { waitFor } from "../flow/wait-for.ts";
import { requireKnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";
import { Event } from "../sync/event.ts";
import { Fifo } from "../sync/items.ts";
import type { CancelNode } from "../token/tree.ts";
import { UsageError } from "../usage-error.ts";
import { BridgeCall, type Caller } from "./bridge-call.ts";
import { type BridgeHandle, createHandle, requireHandler } from "./bridge-handle.ts";
import type { BridgeHandlers, PayloadOf, ToBridge } from "./bridge-messages.ts";
import { CallGate, maxCalls } from "./call-gate.ts";
import { uncloneable } from "./thread-error.ts";

export interface BridgeOptions {
  /** A name for errors and tasks. Default: `"bridge"`. */
  readonly name?: string | undefined;
  /** The maximum number of calls of one thread that have not ended. A call above it throws. Default: 10,000. */
  readonly capacity?: number | undefined;
}

/** A thread to which {@link ThreadBridge.connect} gave a handle. */
interface Connection extends Caller {
  readonly port: ThreadPort;
}

/** The time from a start of the bridge until its handlers have ended. */
interface Run {
  isStopping: boolean;
  readonly group: TaskGroup;
}

/**
 * Lets other threads call functions of this thread by name. A thread gets a handle of {@link connect} in a message and
 * uses `BridgeCaller.attach`.
 *
 * Calls that are made before {@link start} wait, and run at the start, in order. Handlers start in the order of the calls
 * and then run concurrently, in the scope that called `start`. When this scope is cancelled, the handlers are cancelled.
 * Errors of handlers reach the caller if it waits for the answer, and otherwise the reporter.
 *
 * @example
 * ```ts
 * import { ThreadBridge } from "@hother/cancelable/threads";
 *
 * const lines: string[] = [];
 * const bridge = new ThreadBridge({ log: (line: string) => void lines.push(line) });
 * bridge.callSoon("log", "before the start");
 * bridge.start();
 * bridge.callSoon("log", "after it");
 * await bridge.stop();
 * console.assert(lines.join() === "before the start,after it");
 * ```
 */
export class ThreadBridge<H extends BridgeHandlers = BridgeHandlers> implements ThreadCalls, AsyncDisposable {
  readonly name: string;
  /** The maximum number of calls of one thread that have not ended. */
  readonly capacity: number;
  readonly #handlers: H;
  readonly #queue = new Fifo<BridgeCall>();
  readonly #connections = new Set<Connection>();
  /** For the calls of this thread. */
  readonly #here: Caller = { gate: new CallGate(), live: 0, awaited: new Map(), answer: () => {} };
  /** Set when a call comes, and when a stop can have become complete. */
  readonly #wake = new Event();
  #run: Run | undefined = undefined;
  #stopped: Promise<void> = Promise.resolve();
  /** Whether calls that arrive are kept: before the first start, and between a start and the end of its stop. */
  #keepsCalls = true;
  #refusedByEnded = 0;

  constructor(handlers: H, options?: BridgeOptions) {
    if (typeof handlers !== "object" || handlers === null)
      throw invalidType("handlers", "an object with functions", handlers);
    for (const [name, handler] of Object.entries(handlers)) requireFunction(handler, `handlers.${name}`);
    requireKnownOptions(options, { name: 1, capacity: 1 }, "ThreadBridge");
    const { name = "bridge", capacity = 10_000 } = options ?? {};
    requireText(name, "options.name");
    requireWhole(capacity, "options.capacity", 1);
    if (capacity > maxCalls) throw outOfRange("options.capacity", `at most ${maxCalls}`, capacity);
    this.name = name;
    this.capacity = capacity;
    this.#handlers = { ...handlers };
  }

  /** Whether the bridge has been started, and not been stopped since. */
  get isStarted(): boolean {
    return this.#run !== undefined;
  }

  /** The number of calls that were taken and have not ended. */
  get pending(): number {
    return this.#sum(({ gate }) => gate.calls);
  }

  /** The number of calls that were refused because there were too many. */
  get refused(): number {
    return this.#refusedByEnded + this.#sum(({ gate }) => gate.refused);
  }

  #sum(count: (caller: Caller) => number): number {
    let sum = count(this.#here);
    for (const connection of this.#connections) sum += count(connection);
    return sum;
  }

  /**
   * A handle for one more thread. Send it with its `port` in the transfer list:
   * `new Worker(url, { workerData: handle, transferList: [handle.port] })`. Nothing is left when the thread has ended.
   *
   * @throws UsageError `ERR_UNSUPPORTED_HOST` in a page that is not cross-origin isolated.
   */
  connect(): BridgeHandle {
    const gate = new CallGate();
    if (!this.#keepsCalls) gate.close();
    const [mine, theirs] = createPorts();
    const connection: Connection = {
      gate,
      live: 0,
      awaited: new Map(),
      answer: (message) => connection.port.post(message),
      port: runOutside(() =>
        openPort(
          mine,
          (message) => this.#received(connection, message as ToBridge), // the other end is a BridgeCaller
          () => this.#disconnected(connection),
        ),
      ),
    };
    this.#connections.add(connection);
    return createHandle({
      name: this.name,
      handlers: Object.keys(this.#handlers),
      capacity: this.capacity,
      memory: gate.memory,
      port: theirs,
    });
  }

  /**
   * Calls a handler soon, from this thread. The payload is copied, as the payload of another thread is.
   *
   * @throws RangeError for an unknown name. UsageError `ERR_FULL` or, after {@link stop}, `ERR_CLOSED`. TypeError
   * `ERR_UNCLONEABLE`.
   */
  callSoon<N extends keyof H & string>(name: N, payload?: PayloadOf<H, N>): void {
    requireHandler(name, Object.keys(this.#handlers));
    let copy: unknown;
    try {
      copy = structuredClone(payload);
    } catch (cause) {
      throw uncloneable("payload", payload, cause);
    }
    this.#here.gate.take(this.capacity, this.name);
    this.#add(new BridgeCall(this.#here, name, copy, undefined));
  }

  /**
   * Runs the calls that wait, and those that come. Does nothing if the bridge has been started. After {@link stop} it can be
   * started again. The scope of the caller waits for the bridge, as for everything that is started in it.
   *
   * @throws The cancellation of the ambient scope, if that is cancelled.
   */
  start(): void {
    if (this.#run !== undefined) return;
    currentScope().check();
    this.#keepsCalls = true;
    for (const { gate } of this.#callers()) gate.open();
    const registered = this.register();
    const ended = taskGroup(
      (group) => {
        const run: Run = { isStopping: false, group };
        this.#run = run;
        return this.#pump(run);
      },
      { name: this.name },
    ).catch((error: unknown) => {
      // The scope that was cancelled knows.
      if (!isCancellationError(error)) report(error, `the bridge "${this.name}"`);
    });
    this.#stopped = ended.then(() => this.#ended(registered));
  }

  /**
   * Refuses further calls, runs all calls that were taken before, and waits for their handlers. Does nothing before the start,
   * and can be repeated. When the caller is cancelled, the handlers are cancelled, and then waited for.
   *
   * @throws UsageError `ERR_WAITS_FOR_ITSELF` in a handler of the bridge.
   */
  async stop(): Promise<void> {
    const run = this.#run;
    const stopped = this.#stopped;
    if (run !== undefined) {
      for (let node: CancelNode | undefined = currentNode(); node !== undefined; node = node.parent) {
        if (node === run.group.scope.node)
          throw new UsageError("ERR_WAITS_FOR_ITSELF", `stop() of the bridge "${this.name}"`);
      }
      this.#run = undefined;
      run.isStopping = true;
      for (const { gate } of this.#callers()) gate.close();
      this.#wake.set();
    }
    try {
      await waitFor(stopped);
    } catch (error) {
      run?.group.cancel("shutdown", `the bridge "${this.name}" was stopped`);
      await stopped;
      throw error;
    }
  }

  /** The same as {@link stop}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @internal Makes the bridge that of the backend, while it is started. */
  protected register(): Disposable {
    return setThreadCalls(this, detectBackend());
  }

  /** @internal A thread has ended, or does not use the bridge any more. */
  protected disconnected(): void {}

  *#callers(): Generator<Caller, undefined> {
    yield this.#here;
    yield* this.#connections;
    return undefined;
  }

  /** Starts the calls in order, until the bridge is stopped and everything that was taken has been started. */
  async #pump(run: Run): Promise<void> {
    const queue = this.#queue;
    while (!this.#isDone(run)) {
      if (queue.size === 0) {
        this.#wake.reset();
        await this.#wake.wait();
      } else {
        this.#startCall(run.group, queue.take());
        await checkpoint();
      }
    }
  }

  #isDone(run: Run): boolean {
    if (!run.isStopping) return false;
    if (this.#run !== undefined) return true; // the next run goes on with the queue
    // B2: a call that a gate has counted and that has not arrived is on its way.
    return this.#queue.size === 0 && this.#sum(({ gate, live }) => gate.calls - live) === 0;
  }

  #startCall(group: TaskGroup, call: BridgeCall): void {
    if (call.hasEnded) return;
    const handler = this.#handlers[call.name] as H[string]; // both ends check the name
    const task = group.startSoon(() => call.run(handler, this.name));
    call.runsIn(task);
  }

  #received(connection: Connection, message: ToBridge): void {
    if (message.kind === "cancel") connection.awaited.get(message.id)?.cancel(this.name);
    else if (message.kind === "withdrawn") this.#wake.set();
    else this.#add(new BridgeCall(connection, message.name, message.payload, message.id));
  }

  #add(call: BridgeCall): void {
    if (!this.#keepsCalls) {
      this.#refuse(call);
      return;
    }
    this.#queue.add(call);
    this.#wake.set();
  }

  /** B2: a thread that ended has nothing on its way. */
  #disconnected(connection: Connection): void {
    this.#connections.delete(connection);
    this.#refusedByEnded += connection.gate.refused;
    for (const call of connection.awaited.values()) call.cancel(this.name);
    this.#wake.set();
    this.disconnected();
  }

  #refuse(call: BridgeCall): void {
    call.fail(
      new UsageError("ERR_CLOSED", `The bridge "${this.name}"`, "it was stopped before the call"),
      this.name,
    );
  }

  #ended(registered: Disposable): void {
    registered[Symbol.dispose]();
    if (this.#run?.group.scope.node.phase === "open") return; // the bridge was started again meanwhile
    this.#run = undefined;
    this.#keepsCalls = false;
    for (const { gate } of this.#callers()) gate.close();
    for (const call of this.#queue.clear()) if (!call.hasEnded) this.#refuse(call);
  }
}
markCopy(ThreadBridge);
