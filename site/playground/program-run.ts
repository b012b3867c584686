import type { WorkerMessage, WorkerTask } from "./messages.ts";
import type { Recording } from "./recording.ts";

/** Why a program does not run any more. */
export type ProgramEnd =
  | { readonly type: "ended"; readonly error: string | undefined }
  | { readonly type: "stopped" }
  | { readonly type: "limit" }
  | { readonly type: "forbidden" }
  | { readonly type: "broken"; readonly error: string };

export interface ProgramEvents {
  readonly started: () => void;
  readonly recording: (recording: Recording) => void;
  readonly print: (level: "log" | "warn" | "error", text: string) => void;
  readonly ended: (end: ProgramEnd) => void;
}

/**
 * A program that runs in a worker of its own, for a limited time. A worker can be ended at any time, also in an endless loop,
 * and the page goes on meanwhile.
 */
export class ProgramRun {
  readonly #worker: Worker;
  readonly #events: ProgramEvents;
  #limit: ReturnType<typeof setTimeout> | undefined = undefined;
  #isOver = false;

  /** @param limit The time that the program may take, in ms, from its first line on. */
  constructor(code: string, limit: number, events: ProgramEvents) {
    this.#events = events;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (this.#isOver) return;
      if (data.type === "ready") {
        const task: WorkerTask = { code };
        this.#worker.postMessage(task);
        this.#limit = setTimeout(() => this.#end({ type: "limit" }), limit);
        events.started();
      } else if (data.type === "recording") events.recording(data.recording);
      else if (data.type === "print") events.print(data.level, data.text);
      else if (data.type === "ended") {
        events.recording(data.recording);
        this.#end({ type: "ended", error: data.error });
      } else this.#end({ type: "forbidden" });
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end({ type: "broken", error: event.message || "the worker could not be loaded" });
    };
  }

  /** Ends the program at once. */
  stop(): void {
    this.#end({ type: "stopped" });
  }

  #end(end: ProgramEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#limit);
    this.#worker.terminate();
    this.#events.ended(end);
  }
}
