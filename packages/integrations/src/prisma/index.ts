import { currentScope, getBackend, report, UsageError } from "@hother/cancelable";
import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { toCancelTimeout } from "../database/cancel-timeout.ts";
import type { CancellablePgOptions } from "../pg/index.ts";
import { type AdapterFactory, type Binding, bindAdapter } from "./bind-adapter.ts";
import { carriedBy } from "./carried-error.ts";

export { StatementNotSentError, TransactionAbortedError } from "../pg/index.ts";

/** The options of {@link cancellablePrisma}. */
export interface CancellablePrismaOptions extends CancellablePgOptions {}

/** The used members of a client of Prisma 7. */
export interface PrismaLike {
  readonly $extends: unknown;
  readonly $transaction: unknown;
}

type Method = (...args: unknown[]) => unknown;

interface Client {
  readonly $extends: Method;
  readonly $transaction: (work: unknown, options?: Limits) => Promise<unknown>;
  readonly $on?: Method;
  readonly _engineConfig?: { readonly adapter?: AdapterFactory; readonly transactionOptions?: Limits };
}

/** The limits of a transaction, in ms. */
interface Limits {
  readonly maxWait?: number | undefined;
  readonly timeout?: number | undefined;
}

/** Those of Prisma, where the user sets none. */
const defaults = { maxWait: 2_000, timeout: 5_000 } as const;

const known: KnownOptions<CancellablePrismaOptions> = { cancelTimeout: 1, serverDeadline: 1 };
const wrappers = new WeakSet<object>();

/**
 * Returns a client whose queries belong to the scope in which they are awaited. The client must have the adapter
 * `PrismaPg`, and must not have sent a query yet: its adapter gets a pool as that of `cancellablePool`.
 *
 * - A query that its scope cancels is stopped on the server, and rejects with the cancellation, and not with an error of Prisma.
 * - A transaction whose scope is cancelled is rolled back before its promise settles, also while it starts.
 * - The time that is left to the scope takes the place of Prisma's `timeout` and `maxWait` where the user has set none.
 * - In a cancelled scope nothing is sent.
 *
 * @param options `cancelTimeout` and `serverDeadline`, as in `cancellablePool`.
 * @throws TypeError if `client` is no `PrismaClient` with the adapter `PrismaPg`, or came from this function. RangeError for a
 * `cancelTimeout` that is not positive.
 * @example
 * <!-- not run: needs a client that `prisma generate` has made -->
 * ```ts
 * import { failAfter } from "@hother/cancelable";
 * import { cancellablePrisma } from "@hother/cancelable-integrations/prisma";
 * import { PrismaPg } from "@prisma/adapter-pg";
 * import { PrismaClient } from "./generated/prisma/client.ts";
 *
 * const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
 * const prisma = cancellablePrisma(new PrismaClient({ adapter }));
 * const orders = await failAfter(500, () => prisma.order.findMany()); // stopped on the server after 500 ms
 * ```
 */
export function cancellablePrisma<T extends PrismaLike>(client: T, options?: CancellablePrismaOptions): T {
  const base = (client ?? {}) as unknown as Partial<Client>; // checked here
  const adapter = base._engineConfig?.adapter;
  if (typeof base.$extends !== "function" || adapter?.adapterName !== "@prisma/adapter-pg")
    throw invalidType("client", "a PrismaClient with the adapter PrismaPg", client);
  if (wrappers.has(client)) throw invalidType("client", "a PrismaClient that is not wrapped yet", client);
  requireKnownOptions(options, known, "cancellablePrisma");
  toCancelTimeout(options);
  const binding = bindAdapter(adapter, options);
  const extended = base.$extends({
    name: "cancelable",
    query: { $allOperations: (call: Operation) => runOperation(call, binding) },
  });
  return wrap(extended as Client, base as Client) as unknown as T; // has the methods of `client`
}

interface Operation {
  readonly args: unknown;
  query(args: unknown): Promise<unknown>;
}

async function runOperation({ args, query }: Operation, binding: Binding): Promise<unknown> {
  currentScope().check();
  try {
    const result = await query(args);
    if (!binding.isConnected) warnOfConnected(binding);
    return result;
  } catch (error) {
    throw await carriedBy(error);
  }
}

function warnOfConnected(binding: Binding): void {
  binding.isConnected = true;
  report(
    new UsageError(
      "ERR_ALREADY_STARTED",
      "The PrismaClient",
      "pass it to cancellablePrisma before its first query",
    ),
    "cancellablePrisma",
  );
}

function wrap(client: Client, base: Client): Client {
  const methods: Readonly<Record<string, Method | undefined>> = {
    $transaction: (work, options) => runTransaction(client, base, work, options as Limits | undefined),
    $extends: (...args) => wrap(client.$extends(...args) as Client, base),
    // Prisma takes this method from a client with extensions.
    $on: (...args) => {
      base.$on?.(...args);
      return proxy;
    },
  };
  // Not around the client, whose properties cannot be replaced.
  const target = Object.create(Object.getPrototypeOf(client)) as Client;
  const proxy: Client = new Proxy(target, {
    get(_, key) {
      const own = typeof key === "string" ? methods[key] : undefined;
      return own ?? Reflect.get(client, key, client);
    },
    has: (_, key) => Reflect.has(client, key),
  });
  wrappers.add(proxy);
  return proxy;
}

async function runTransaction(
  client: Client,
  base: Client,
  work: unknown,
  options: Limits | undefined,
): Promise<unknown> {
  currentScope().check();
  try {
    return await client.$transaction(work, { ...limitsOf(base), ...options });
  } catch (error) {
    throw await carriedBy(error);
  }
}

/** The remaining time as the limits that the user has not set for the client. */
function limitsOf({ _engineConfig }: Client): Limits {
  const left = Math.ceil(currentScope().deadline - getBackend().now());
  if (left === Number.POSITIVE_INFINITY) return {};
  const set = _engineConfig?.transactionOptions;
  const limit = Math.min(Math.max(left, 1), 2 ** 31 - 1);
  return {
    ...(isDefault(set, "maxWait") && { maxWait: limit }),
    ...(isDefault(set, "timeout") && { timeout: limit }),
  };
}

function isDefault(set: Limits | undefined, name: keyof Limits): boolean {
  return set?.[name] === undefined || set[name] === defaults[name];
}
