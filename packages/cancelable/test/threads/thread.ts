import { once } from "node:events";
import { type TransferListItem, Worker } from "node:worker_threads";
import { bundle } from "../child.ts";

/**
 * A module for threads. It imports the library from its source, and has `data` and `send`.
 *
 * @param waitAsync Whether the thread has `Atomics.waitAsync`. Default: true.
 */
export async function threadModule(source: string, waitAsync = true): Promise<URL> {
  const code = await bundle(`
    import { parentPort, workerData } from "node:worker_threads";
    const { data, gate } = workerData;
    const send = (value) => parentPort.postMessage(value);
    /** Waits until the test opens the gate. */
    const atGate = () => { Atomics.wait(gate, 0, 0); };
    ${source}
  `);
  const before = waitAsync ? "" : "delete Atomics.waitAsync;\n";
  // Every host accepts a data URL as the code of a thread.
  return new URL(`data:text/javascript;base64,${Buffer.from(before + code).toString("base64")}`);
}

/** A thread that runs a module of {@link threadModule}. */
export class Thread {
  readonly worker: Worker;
  readonly #gate: Int32Array = new Int32Array(new SharedArrayBuffer(4));
  readonly #messages: unknown[] = [];
  readonly #ended: Promise<number>;

  constructor(module: URL, data?: unknown, gate?: Int32Array, transferList: TransferListItem[] = []) {
    if (gate !== undefined) this.#gate = gate;
    this.worker = new Worker(module, { workerData: { data, gate: this.#gate }, transferList });
    this.worker.on("message", (message: unknown) => this.#messages.push(message));
    this.#ended = new Promise((resolve, reject) => {
      this.worker.on("exit", resolve);
      this.worker.on("error", reject);
    });
  }

  /** The next message of the thread. Rejects if the thread has ended without one. */
  async next(): Promise<unknown> {
    let code: number | undefined;
    while (this.#messages.length === 0) {
      if (code !== undefined) throw new Error(`the thread ended with code ${code}`);
      const ended = this.#ended.then((exitCode) => {
        code = exitCode;
      });
      await Promise.race([once(this.worker, "message"), ended]);
    }
    return this.#messages.shift();
  }

  /** Lets the threads go on that wait at this gate. */
  open(): void {
    Atomics.store(this.#gate, 0, 1);
    Atomics.notify(this.#gate, 0);
  }

  /** The exit code. Rejects with the error that ended the thread. */
  get ended(): Promise<number> {
    return this.#ended;
  }
}
