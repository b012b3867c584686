import { vi } from "vitest";

/** What is logged by `console.error`, as Hono and h3 log errors of handlers. */
export class ConsoleErrors {
  readonly seen: unknown[] = [];
  readonly #spy = vi.spyOn(console, "error").mockImplementation((...args) => void this.seen.push(args));
  stop(): void {
    this.#spy.mockRestore();
  }
}
