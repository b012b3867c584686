import { fork } from "node:child_process";
import { Worker } from "node:worker_threads";
import type { HostAnswer, HostRequest } from "./messages.ts";

/** A thread or a process that has a database open. */
export interface Host {
  post(request: HostRequest): void;
  /** Ends the request of this number, if it still runs. Fulfilled when nothing of it can happen any more. */
  stop(number: number): Promise<void>;
  /** Ends the host: a process whatever it does, a thread when its request has ended. */
  end(): void;
  /** Whether the host keeps the program alive. */
  hold(isHeld: boolean): void;
}

/** Receives the messages of a host. */
export interface HostListener {
  answered(answer: HostAnswer): void;
  /** The host has ended. No answer comes any more. */
  ended(how: string): void;
}

/** A process. It is killed to stop its request, because nothing else stops every statement. */
export function processHost(entry: URL, flags: readonly string[], listener: HostListener): Host {
  const child = fork(entry, [], { serialization: "advanced", execArgv: [...flags] });
  // Answers that were sent before the end come before `disconnect`.
  const hasExited = new Promise<string>((resolve) => {
    child.on("exit", (code, signal) => resolve(`with ${signal ?? `code ${code}`}`));
    child.on("error", (error) => resolve(`because of ${error.message}`));
  });
  const hasDisconnected = new Promise<void>((resolve) => {
    child.on("disconnect", resolve);
    child.on("error", () => resolve());
  });
  const over = Promise.all([hasExited, hasDisconnected]).then(([how]) => listener.ended(how));
  child.on("message", (answer) => listener.answered(answer as HostAnswer)); // no other code has the channel
  const end = (): void => {
    child.kill("SIGKILL");
  };
  return {
    post: (request) => void child.send(request, () => {}), // a failure is seen at the end of the process
    async stop() {
      end();
      await over;
    },
    end,
    hold(isHeld) {
      // The channel of Bun lacks the methods.
      const channel: { ref?(): void; unref?(): void } | null | undefined = child.channel;
      if (isHeld) {
        child.ref();
        channel?.ref?.();
      } else {
        child.unref();
        channel?.unref?.();
      }
    },
  };
}

/** A thread of this process. Its request is stopped by a number in shared memory, which the request looks at. */
export function threadHost(entry: URL, flags: readonly string[], listener: HostListener): Host {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(entry, { workerData: stop, execArgv: [...flags] });
  let how = "";
  let isBusy = false;
  let isEnding = false;
  worker.on("message", (answer: HostAnswer) => {
    isBusy = false;
    listener.answered(answer);
    if (isEnding) void worker.terminate();
  });
  worker.on("error", (error) => {
    how = `because of ${error.message}`;
  });
  worker.on("exit", (code) => {
    isBusy = false;
    listener.ended(how || `with code ${code}`);
  });
  return {
    post(request) {
      worker.postMessage(request);
      isBusy = true;
    },
    async stop(number) {
      Atomics.store(stop, 0, number);
    },
    end() {
      isEnding = true;
      // A statement of better-sqlite3 that fails in a thread that is being terminated aborts the whole program.
      if (isBusy) worker.ref();
      else void worker.terminate();
    },
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
  };
}
