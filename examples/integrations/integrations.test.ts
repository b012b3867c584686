import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll } from "vitest";
import { startMariaDb } from "../../packages/integrations/test/servers/mariadb.ts";
import { MongoStandIn } from "../../packages/integrations/test/servers/mongo-stand-in.ts";
import { startPostgres } from "../../packages/integrations/test/servers/postgres.ts";
import { startRedis } from "../../packages/integrations/test/servers/redis.ts";
import { testFolder } from "../run-example.ts";

const [postgres, redis, mariadb, mongo, prisma] = await Promise.all([
  startPostgres(),
  startRedis(),
  startMariaDb(),
  new MongoStandIn().start(),
  generatePrismaClient(),
]);
afterAll(async () => {
  prisma.remove();
  await Promise.all([postgres?.stop(), redis?.stop(), mariadb?.stop(), mongo.stop()]);
});

/** Does what `npx prisma generate` does, without the network, in a folder from which the client finds its packages. */
async function generatePrismaClient(): Promise<{ readonly file: string; remove(): void }> {
  const command = createRequire(import.meta.url).resolve("prisma/build/index.js");
  const modules = command.slice(0, command.lastIndexOf("node_modules"));
  const folder = mkdtempSync(join(modules, "node_modules", ".prisma-example-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const schema = join(folder, "schema.prisma");
  writeFileSync(
    schema,
    `generator client {
       provider = "prisma-client-js"
       output   = "./client"
     }
     datasource db {
       provider = "postgresql"
     }
     model Account {
       id    Int @id
       total Int
     }`,
  );
  await promisify(execFile)("node", [command, "generate", "--schema", schema], {
    // Prisma would download an engine that the example does not need.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
    timeout: 60_000, // a generator that hangs is a failure
    killSignal: "SIGKILL",
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  return { file: join(folder, "client", "index.js"), remove };
}

const load = createRequire(import.meta.url);
/** Whether better-sqlite3, which is native code, was built for this host. */
const hasBetterSqlite = (): boolean => {
  try {
    new (load("better-sqlite3"))(":memory:").close();
    return true;
  } catch {
    return false;
  }
};

const without = (server: unknown, name: string, files: readonly string[]): Record<string, string> =>
  server === undefined
    ? Object.fromEntries(files.map((file) => [`${file}.mjs`, `this machine has no ${name}`]))
    : {};

const hasSockets =
  "it uses sockets, processes or another library's timers, whose time is that of the machine";

testFolder(import.meta.url, {
  nativeOnly: hasSockets,
  missing: {
    ...without(postgres, "PostgreSQL", [
      "drizzle",
      "graphile-worker",
      "kysely",
      "pg",
      "pg-boss",
      "postgres",
      "prisma",
    ]),
    ...without(redis, "Redis", ["bullmq", "ioredis", "redis"]),
    ...(isBuiltin("node:sqlite") ? {} : { "node-sqlite.mjs": "this host has no node:sqlite" }),
    ...(hasBetterSqlite() ? {} : { "better-sqlite3.mjs": "better-sqlite3 is built for another host" }),
    ...without(mariadb, "MariaDB", ["mysql2"]),
  },
  leftOut: [
    {
      hosts: ["Bun"],
      file: "undici.mjs",
      reason: "Bun replaces undici by a module of its own, which has no dispatchers",
    },
    { hosts: ["Deno"], file: "h3.mjs", reason: "Deno.serve writes a warning about a setting of Deno" },
  ],
  env: {
    DATABASE_URL: postgres?.connectionString ?? "",
    REDIS_URL: redis?.url ?? "",
    MYSQL_URL:
      mariadb === undefined
        ? ""
        : `mysql://${mariadb.user}@${mariadb.host}:${mariadb.port}/${mariadb.database}`,
    MONGODB_URL: mongo.url,
    PRISMA_CLIENT: prisma.file,
  },
});
