// Types of wrapped functions and decorators.
import { Cancellable, cancellable, withCancellable, withCurrentOperation } from "@hother/cancelable";
import { expectTypeOf } from "vitest";

export function functions(): void {
  const load = cancellable(
    { timeout: 5 },
    async (path: string, limit?: number) => path.length + (limit ?? 0),
  );
  expectTypeOf(load).parameters.toEqualTypeOf<[path: string, limit?: number | undefined]>();
  expectTypeOf(load).returns.resolves.toEqualTypeOf<number>();
  const sync = cancellable({}, (text: string) => text.length);
  expectTypeOf(sync).returns.resolves.toEqualTypeOf<number>();
  const identity = cancellable({}, async <T>(value: T): Promise<T> => value);
  expectTypeOf(identity(5 as const)).resolves.toEqualTypeOf<5>();
  // @ts-expect-error: the path is a string
  void load(5);
  // @ts-expect-error: a timeout is a span
  cancellable({ timeout: "5" }, async () => {});
  // @ts-expect-error: an unknown option
  cancellable({ timeot: 5 }, async () => {});
}

export async function withoutOptions(): Promise<void> {
  const load = cancellable(async (path: string) => path.length);
  expectTypeOf(load).parameters.toEqualTypeOf<[path: string]>();
  expectTypeOf(cancellable()((text: string) => text)).returns.resolves.toEqualTypeOf<string>();
  // @ts-expect-error: the path is a string
  await load(5);
}

export function optionsFromArguments(): void {
  cancellable(
    { id: (user) => user.toUpperCase(), combine: (user) => [new Cancellable({ id: user })] },
    (user: string) => user,
  );
  cancellable({ id: (user) => user.toUpperCase(), inject: true }, (user: string, _op: Cancellable) => user);
  // @ts-expect-error: the function has another parameter
  cancellable({ id: (user: Date) => `${user}` }, async (user: string) => user);
  // @ts-expect-error: the function has another parameter
  cancellable({ combine: (_signal: AbortSignal) => [] }, async (user: string) => user);
  // @ts-expect-error: the function has another parameter
  cancellable({ inject: true, id: (user: Date) => `${user}` }, (user: string, _op: Cancellable) => user);
}

export async function genericFunctionsWithInjection(): Promise<void> {
  const one = cancellable({ inject: true }, async <T>(value: T, _op: Cancellable) => value);
  expectTypeOf(await one(5 as const)).toEqualTypeOf<5>();
  const two = cancellable({ inject: true }, <T>(list: T[], index: number, _op: Cancellable) => list[index]);
  expectTypeOf(await two(["a"], 0)).toEqualTypeOf<string | undefined>();
}

export function injection(op: Cancellable): void {
  const load = cancellable({ inject: true }, async (path: string, self: Cancellable) => [path, self.name]);
  expectTypeOf(load).parameters.toEqualTypeOf<[path: string]>();
  // @ts-expect-error: the operation is not the caller's argument
  void load("path", op);
  const shared = withCancellable(op, async (path: string, self: Cancellable) => [path, self], {
    inject: true,
  });
  expectTypeOf(shared).parameters.toEqualTypeOf<[path: string]>();
  expectTypeOf(withCancellable(op, (text: string) => text.length)("a")).resolves.toEqualTypeOf<number>();
  const current = withCurrentOperation((path: string, self?: Cancellable) => [path, self?.name]);
  expectTypeOf(current("path")).toEqualTypeOf<Array<string | undefined>>();
  // @ts-expect-error: a value is no operation
  withCancellable({}, () => {});
}

export class Service {
  @cancellable({ timeout: 5 })
  async load(id: number): Promise<string> {
    return `${id}`;
  }

  @cancellable({ inject: true })
  async withOperation(id: number, op?: Cancellable): Promise<string> {
    return `${id} ${op?.name}`;
  }

  @cancellable
  async bare(id: number): Promise<number> {
    return id;
  }

  @cancellable()
  async called(id: number): Promise<number> {
    return id;
  }

  @cancellable
  field = async (text: string): Promise<string> => text;

  // @ts-expect-error: a synchronous method would return a promise against its type
  @cancellable({})
  sync(): number {
    return 1;
  }

  // @ts-expect-error: the last parameter is no operation
  @cancellable({ inject: true })
  async other(limit?: string): Promise<string> {
    return `${limit}`;
  }
}

export async function members(service: Service): Promise<void> {
  expectTypeOf(await service.load(1)).toEqualTypeOf<string>();
  expectTypeOf(await service.withOperation(1)).toEqualTypeOf<string>();
  await service.withOperation(1, new Cancellable());
}
