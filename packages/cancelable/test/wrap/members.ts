/* The decorator as users write it. Tests compile this file with TypeScript and run it in a process of its own, because vitest leaves decorators to Node. The compilation checks the types. */
import { type Cancellable, cancellable, currentOperation, isCancellation, sleep } from "../../src/index.ts";

const wrap = cancellable({ timeout: 10_000 });

class Service {
  readonly #rate = 2;

  @cancellable({ timeout: 10_000 })
  async load(id: number): Promise<string> {
    return `${currentOperation()?.name} ${id * this.#rate}`;
  }

  @cancellable({ inject: true, name: "given" })
  async injected(id: number, limit?: string, op?: Cancellable): Promise<string> {
    return `${op?.name} ${id} ${limit} ${op === currentOperation()}`;
  }

  @wrap
  async generic<T>(value: T): Promise<T> {
    return value;
  }

  @cancellable({ timeout: 5 })
  async slow(): Promise<void> {
    await sleep({ minutes: 5 });
  }

  @cancellable({})
  static async connect(host: string): Promise<string> {
    return `${currentOperation()?.name} ${host}`;
  }

  @cancellable({})
  async #secret(): Promise<string> {
    return `${currentOperation()?.name} ${this.#rate}`;
  }

  @cancellable({})
  static async #key(): Promise<string> {
    return `${currentOperation()?.name}`;
  }

  @cancellable({})
  get report(): Promise<string> {
    return Promise.resolve(`${currentOperation()?.name} ${this.#rate}`);
  }

  @cancellable({})
  accessor handler = async (text: string): Promise<string> => `${currentOperation()?.name} ${text}`;

  @cancellable({ inject: true })
  field = async (text: string, op?: Cancellable): Promise<string> => `${op?.name} ${text}`;

  reveal(): Promise<string> {
    return this.#secret();
  }
  static reveal(): Promise<string> {
    return Service.#key();
  }
}

class Special extends Service {}

/** Never used: members that must not compile. */
class Refused {
  // @ts-expect-error: the result would be a promise behind the type's back
  @cancellable({})
  sync(): number {
    return 1;
  }

  // @ts-expect-error: its last parameter is no operation
  @cancellable({ inject: true })
  async other(id: number, limit?: string): Promise<string> {
    return `${id} ${limit}`;
  }
}

const service = new Service();
const told = {
  method: await service.load(21),
  inherited: await new Special().load(1),
  injected: await service.injected(1),
  generic: (await service.generic<5>(5)) satisfies 5 as number,
  slow: await service.slow().then(
    () => false,
    (error: unknown) => isCancellation(error),
  ),
  static: await Service.connect("host"),
  private: await service.reveal(),
  privateStatic: await Service.reveal(),
  getter: await service.report,
  accessor: await service.handler("hello"),
  field: await service.field("hello"),
  functionName: service.load.name,
};
service.handler = async () => `replaced in ${currentOperation()?.name}`;

/** The output of the module, as JSON. */
export type Told = typeof told & { readonly replaced: string };
console.log(JSON.stringify({ ...told, replaced: await service.handler("") } satisfies Told));
