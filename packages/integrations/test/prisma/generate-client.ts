import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

/** What the tests use of the generated client. */
export interface PrismaClient {
  readonly account: {
    create(args: { data: Account }): PromiseLike<Account>;
    findMany(args?: object): PromiseLike<Account[]>;
    update(args: { where: { id: number }; data: { total: number } }): PromiseLike<Account>;
    count(): PromiseLike<number>;
  };
  $queryRaw(text: TemplateStringsArray, ...values: unknown[]): PromiseLike<unknown>;
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): PromiseLike<number>;
  $transaction<T>(work: (tx: PrismaClient) => Promise<T>, options?: Limits): Promise<T>;
  $transaction(work: ReadonlyArray<PromiseLike<unknown>>, options?: Limits): Promise<unknown[]>;
  $extends(extension: object): PrismaClient;
  $on(event: "query", listener: (event: { readonly query: string }) => void): PrismaClient;
  $disconnect(): Promise<void>;
}

export interface Account {
  readonly id: number;
  readonly total: number;
}

interface Limits {
  readonly maxWait?: number;
  readonly timeout?: number;
}

export type PrismaClientClass = new (options: object) => PrismaClient;

const schema = `
generator client {
  provider = "prisma-client-js"
  output   = "./client"
}
datasource db {
  provider = "postgresql"
}
model Account {
  id    Int @id
  total Int
}
`;

/** Generates a client of Prisma, without the network, in a folder that `remove` deletes. */
export async function generateClient(): Promise<{
  readonly PrismaClient: PrismaClientClass;
  readonly remove: () => void;
}> {
  const require = createRequire(import.meta.url);
  const command = require.resolve("prisma/build/index.js");
  // In a folder from which the client finds the packages of Prisma.
  const folder = mkdtempSync(
    join(command.slice(0, command.lastIndexOf("node_modules")), "node_modules", ".prisma-"),
  );
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    writeFileSync(join(folder, "schema.prisma"), schema);
    await promisify(execFile)("node", [command, "generate", "--schema", join(folder, "schema.prisma")], {
      // Prisma would download an engine that these tests do not need.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
    });
    const { PrismaClient } = require(join(folder, "client")) as { PrismaClient: PrismaClientClass }; // the generated module
    return { PrismaClient, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
