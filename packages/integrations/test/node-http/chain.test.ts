import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { RawConnection, requestText } from "../server-kit/raw-connection.ts";

interface Message {
  readonly name: string;
  readonly port?: number;
  readonly left?: number;
  readonly reason?: string;
  readonly status?: number;
}

/** A service in a process of its own. */
class Service {
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  #wake: () => void = () => {};

  constructor(name: string, next: number | undefined) {
    const script = fileURLToPath(new URL("chain-service.mjs", import.meta.url));
    this.#child = fork(script, [name, ...(next === undefined ? [] : [String(next)])]);
    this.#child.on("message", (message: Message) => {
      this.#messages.push(message);
      this.#wake();
    });
    onTestFinished(() => {
      this.#child.disconnect();
    });
  }

  /** Waits for the message that has a field. */
  async tells<K extends "port" | "left" | "status">(field: K): Promise<Message & Required<Pick<Message, K>>> {
    for (;;) {
      const found = this.#messages.find((message) => message[field] !== undefined);
      if (found !== undefined) return found as Message & Required<Pick<Message, K>>; // checked above
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

test("in a chain of three processes each hop sees less time, and the third stops when the client of the first leaves (DL-06)", async () => {
  const third = new Service("third", undefined);
  const second = new Service("second", (await third.tells("port")).port);
  const first = new Service("first", (await second.tells("port")).port);
  const client = await RawConnection.open((await first.tells("port")).port);
  await client.send(requestText({ headers: { "x-request-timeout-ms": "600000" } }));
  const services = [first, second, third];
  const left = await Promise.all(services.map(async (service) => (await service.tells("left")).left));
  const [a = 0, b = 0, c = 0] = left;
  expect(600_000 > a && a > b && b > c && c > 500_000, `${left}`).toBe(true);
  client.leave();
  for (const service of services)
    expect(await service.tells("status")).toMatchObject({ reason: "disconnect", status: 499 });
});
