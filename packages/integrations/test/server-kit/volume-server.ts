/* The application for many concurrent requests. */

import { Readable } from "node:stream";
import { type Cancellable, OperationRegistry, sleep } from "@hother/cancelable";
import type { RequestEnd } from "../../src/http/request-end.ts";
import { Gate } from "./gate.ts";
import type { App, Call, Host, Reply } from "./host.ts";
import { answerTo, type Plan } from "./volume-plan.ts";

/** How a request has ended. */
export interface VolumeEnd {
  readonly status: number;
  readonly reason: string | undefined;
  readonly operationStatus: string;
}

export class VolumeServer {
  readonly registry: OperationRegistry = new OperationRegistry();
  /** The ends of the requests, by the ids of their plans. */
  readonly ends: Map<string, VolumeEnd> = new Map();
  readonly #ids = new WeakMap<Cancellable, string>();
  readonly #reading = new Map<string, Gate>();
  readonly #working = new Map<string, Gate>();
  readonly #host: Host;
  #wake: () => void = () => {};

  constructor(host: Host) {
    this.#host = host;
  }

  get app(): App {
    const options = {
      register: this.registry,
      onEnd: ({ operation, status, reason }: RequestEnd<unknown>) => {
        // A request without an id has left before its first line: none does.
        const id = this.#ids.get(operation) ?? `unknown ${operation.id}`;
        this.ends.set(id, { status, reason, operationStatus: operation.status });
        this.#wake();
      },
    };
    const handle = (call: Call) => this.#handle(call);
    return { routes: [{ method: "POST", pattern: "/things/:id", handle }], options };
  }

  /** Waits until the handler has read the plan of a request. */
  reading(id: string): Promise<void> {
    return gateOf(this.#reading, id).opened;
  }

  /** Waits until the handler has read the whole body of a request. */
  working(id: string): Promise<void> {
    return gateOf(this.#working, id).opened;
  }

  /** Waits until `count` requests have ended. */
  async ended(count: number): Promise<void> {
    while (this.ends.size < count)
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
  }

  /** Forgets the requests that have ended. */
  clear(): void {
    this.ends.clear();
    this.#reading.clear();
    this.#working.clear();
  }

  async #handle(call: Call): Promise<Reply> {
    let text = "";
    let length = 0;
    let plan: Plan | undefined;
    for await (const chunk of call.chunks()) {
      length += chunk.byteLength;
      if (plan !== undefined) continue;
      text += new TextDecoder().decode(chunk, { stream: true });
      const end = text.indexOf("\n");
      if (end < 0) continue;
      plan = JSON.parse(text.slice(0, end)) as Plan; // from the client of the test
      length -= end + 1;
      this.#ids.set(call.operation, plan.id);
      gateOf(this.#reading, plan.id).open();
    }
    if (plan === undefined) throw new TypeError(`a body without a plan: ${text}`);
    gateOf(this.#working, plan.id).open();
    if (plan.moment === "head") await sleep({ minutes: 10 });
    const headers = { "content-type": "text/plain" };
    if (plan.moment === "answer") return { headers, body: this.#streamOf(endless()) };
    await sleep(plan.wait);
    const answer = answerTo({ ...plan, filler: length });
    return { headers, body: plan.isStreamed ? this.#streamOf(inParts(answer)) : answer };
  }

  #streamOf(parts: AsyncGenerator<string>): NonNullable<Reply["body"]> {
    if (this.#host.streams.includes("iterator")) return parts;
    if (this.#host.streams.includes("node")) return Readable.from(parts);
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(new TextEncoder().encode(value));
      },
      async cancel() {
        await parts.return(undefined);
      },
    });
  }
}

function gateOf(gates: Map<string, Gate>, id: string): Gate {
  let gate = gates.get(id);
  if (gate === undefined) {
    gate = new Gate();
    gates.set(id, gate);
  }
  return gate;
}

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield "first part ";
    await sleep(2);
  }
}

async function* inParts(text: string): AsyncGenerator<string> {
  const third = Math.ceil(text.length / 3);
  for (let at = 0; at < text.length; at += third) {
    yield text.slice(at, at + third);
    await sleep(1);
  }
}
