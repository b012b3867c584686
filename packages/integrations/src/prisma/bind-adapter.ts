import { invalidType } from "@hother/cancelable/extending";
import type { Pool } from "pg";
import { type CancellablePgOptions, cancellablePool } from "../pg/index.ts";
import { isWrappedPool } from "../pg/wrap-pool.ts";
import { prismaPool } from "./prisma-pool.ts";

/** The used members of Prisma's `PrismaPg`, the adapter that a client gets. */
export interface AdapterFactory {
  readonly adapterName: string;
  connect(): Promise<Adapter>;
}

interface Adapter {
  underlyingDriver(): unknown;
}

/** A connection of an adapter whose pool this module has wrapped. */
export interface Binding {
  isConnected: boolean;
}

const bindings = new WeakMap<AdapterFactory, Binding>();

/** Lets the adapters of `factory` send their statements with a pool that belongs to the ambient scope. */
export function bindAdapter(factory: AdapterFactory, options: CancellablePgOptions | undefined): Binding {
  const known = bindings.get(factory);
  if (known !== undefined) return known;
  const binding = { isConnected: false };
  const { connect } = factory;
  factory.connect = async () => {
    const adapter = await connect.call(factory);
    const pool = adapter.underlyingDriver() as Pool; // that of adapter-pg
    const wrapped = prismaPool(isWrappedPool(pool) ? pool : cancellablePool(pool, options));
    // The adapter sends everything with this field.
    Object.assign(adapter, { client: wrapped });
    if (adapter.underlyingDriver() !== wrapped)
      throw invalidType("client", "a PrismaClient with an adapter whose pool is its `client`", adapter);
    binding.isConnected = true;
    return adapter;
  };
  bindings.set(factory, binding);
  return binding;
}
