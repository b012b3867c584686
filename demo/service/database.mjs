// @ts-check
import { fork } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "@hother/cancelable";
import { cancellablePool } from "@hother/cancelable-integrations/pg";
import pg from "pg";

/** The database of the store: PostgreSQL, from an npm package. */
export class Database {
  #process = fork(new URL("database-process.mjs", import.meta.url), {
    detached: true, // in a process group of its own: a Ctrl-C must not end it before the store
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  /** @type {pg.Pool | undefined} */
  #pool;
  #address = "";

  /** Waits until the server answers. @throws Error if this machine cannot run it. */
  async start() {
    const [address] = await waitFor(Promise.race([once(this.#process, "message"), this.#ended()]));
    this.#address = address;
    this.#pool = cancellablePool(new pg.Pool({ connectionString: address, max: 20 }));
    // An idle connection has ended, for example with its server. The pool makes another one when it needs it.
    this.#pool.on("error", () => {});
  }

  /** The stock of a product. The statement takes `ms` milliseconds. @param {string} id @param {number} ms */
  async stockOf(id, ms) {
    if (this.#pool === undefined) throw new Error("the database has not started");
    const query = "select $1::text as id, 7 as stock from pg_sleep($2)";
    const { rows } = await this.#pool.query(query, [id, ms / 1_000]);
    return rows[0];
  }

  /** Asks the server how many statements of the store it runs: each of them sleeps. */
  async running() {
    const client = new pg.Client({ connectionString: this.#address });
    await client.connect();
    try {
      const { rows } = await client.query(
        "select count(*)::int from pg_stat_activity where state <> 'idle' and wait_event = 'PgSleep'",
      );
      return rows[0].count;
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose]() {
    await this.#pool?.end();
    if (this.#process.connected) this.#process.disconnect();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
  }

  /** @returns {Promise<never>} */
  async #ended() {
    const [code] = await once(this.#process, "exit");
    throw new Error(`PostgreSQL could not start on this machine (exit code ${code})`);
  }
}
