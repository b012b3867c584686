import type { Recording } from "./recording.ts";

/** What the worker tells the page. */
export type WorkerMessage =
  /** The worker can take a program. */
  | { readonly type: "ready" }
  | { readonly type: "recording"; readonly recording: Recording }
  | { readonly type: "print"; readonly level: "log" | "warn" | "error"; readonly text: string }
  /** The program has ended, with everything that it started. `error`: with an error. */
  | { readonly type: "ended"; readonly recording: Recording; readonly error: string | undefined }
  /** The policy of the page forbids code that is made from text. */
  | { readonly type: "forbidden" };

/** What the page tells the worker: the program to run. */
export interface WorkerTask {
  readonly code: string;
}
