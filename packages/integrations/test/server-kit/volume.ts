import { setReporter } from "@hother/cancelable";
import type { Host } from "./host.ts";
import { http1Clients, http2Clients, type VolumeClients } from "./volume-clients.ts";
import { answerTo, type Plan, plans } from "./volume-plan.ts";
import { VolumeServer } from "./volume-server.ts";

/** How many requests have ended in which way, and what is wrong. */
export interface VolumeResult {
  readonly counts: Readonly<Record<string, number>>;
  /** Empty if all is well. */
  readonly problems: readonly string[];
}

/** A server of a host, with clients that send many requests at once. */
export class Volume {
  readonly #server: VolumeServer;
  readonly #clients: VolumeClients;
  readonly #reports: string[] = [];
  readonly #errors: readonly unknown[];
  readonly #close: () => Promise<void>;

  private constructor(
    server: VolumeServer,
    clients: VolumeClients,
    errors: readonly unknown[],
    close: () => Promise<void>,
  ) {
    this.#server = server;
    this.#clients = clients;
    this.#errors = errors;
    const before = setReporter((error, source) => this.#reports.push(`${source}: ${String(error)}`));
    this.#close = async () => {
      clients.close();
      await close();
      setReporter(before);
    };
  }

  static async start(host: Host): Promise<Volume> {
    const server = new VolumeServer(host);
    const started = await host.start(server.app);
    const clients = (host.protocol === "http1" ? http1Clients : http2Clients)(started.port);
    return new Volume(server, clients, started.errors, () => started.close());
  }

  /** Sends `count` requests at once, of which a random half leaves, and waits until all have ended. */
  async round(count: number, seed: number): Promise<VolumeResult> {
    const server = this.#server;
    const problems: string[] = [];
    const counts: Record<string, number> = {};
    const planned = plans(count, seed);
    await this.#clients.open(count);
    await Promise.all(
      planned.map(async (plan) => {
        const answer = await this.#clients.send(plan, server);
        const isRight = answer?.isComplete === true && answer.body === answerTo(plan);
        if (plan.moment === "never" && !isRight)
          problems.push(`the answer ${JSON.stringify(answer)} to ${JSON.stringify(plan)}`);
      }),
    );
    await server.ended(count);
    for (const plan of planned) {
      const end = server.ends.get(plan.id);
      const found = `${end?.reason} ${end?.status} ${end?.operationStatus}`;
      if (found !== expected(plan)) problems.push(`${found} for ${JSON.stringify(plan)}`);
      counts[plan.moment] = (counts[plan.moment] ?? 0) + 1;
    }
    if (server.ends.size !== count) problems.push(`${server.ends.size} ends of ${count} requests`);
    const left = server.registry.list().length;
    if (left > 0) problems.push(`${left} operations are left in the registry`);
    problems.push(...this.#reports.splice(0), ...this.#errors.map((error) => JSON.stringify(error)));
    server.clear();
    return { counts, problems };
  }

  close(): Promise<void> {
    return this.#close();
  }
}

const expected = ({ moment }: Plan): string =>
  moment === "never" ? "undefined 200 completed" : "disconnect 499 cancelled";
