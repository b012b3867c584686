import { type Progress, report } from "@hother/cancelable";
import type { HandlerExtra } from "./peer.ts";

/** Sends the progress of an operation as `notifications/progress`, whose number must grow with each one. */
export class ProgressSender {
  readonly #token: string | number;
  readonly #extra: HandlerExtra;
  #last = 0;
  #hasNumbers = false;

  constructor(token: string | number, extra: HandlerExtra) {
    this.#token = token;
    this.#extra = extra;
  }

  send(progress: Progress): void {
    const { current, total, message } = typeof progress === "string" ? { message: progress } : progress;
    if (current !== undefined) this.#hasNumbers = true;
    this.#last = this.#next(current);
    const params = {
      progressToken: this.#token,
      progress: this.#last,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    };
    this.#extra
      .sendNotification({ method: "notifications/progress", params })
      .catch((error: unknown) => report(error, "a progress notification of MCP"));
  }

  /** A report without a number counts as one step, or, among numbers, as the least growth. */
  #next(current: number | undefined): number {
    if (current !== undefined && current > this.#last) return current;
    return this.#hasNumbers ? this.#last + Math.max(this.#last, 1) * 1e-9 : this.#last + 1;
  }
}
