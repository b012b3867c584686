import { EventEmitter } from "node:events";
import type { NodeResponse } from "../../src/streaming/index.ts";

/** A response of Node without a connection, whose buffer is full when the test says so. */
export class FakeResponse extends EventEmitter implements NodeResponse {
  headersSent = false;
  writableEnded = false;
  destroyed = false;
  isFull = false;
  error: Error | undefined;
  readonly req: { readonly method: string };
  readonly headers: Record<string, string> = {};
  text = "";

  constructor(method = "GET") {
    super();
    this.req = { method };
  }
  setHeader(name: string, value: string): void {
    this.headers[name] = value;
  }
  flushHeaders(): void {
    this.headersSent = true;
  }
  write(chunk: Uint8Array): boolean {
    this.text += new TextDecoder().decode(chunk);
    return !this.isFull;
  }
  end(): void {
    this.writableEnded = true;
  }
  destroy(error?: Error): void {
    this.destroyed = true;
    this.error = error;
  }
  /** The client has taken what was written. */
  drain(): void {
    this.isFull = false;
    this.emit("drain");
  }
  get listenerTotal(): number {
    return this.listenerCount("close") + this.listenerCount("drain");
  }
}
