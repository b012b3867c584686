import { requireText } from "@hother/cancelable/extending";

/** The used members of the helpers of a job, and of `WorkerUtils`. */
export interface Connected {
  withPgClient<T>(callback: (client: PgClientLike) => Promise<T>): Promise<T>;
}

interface PgClientLike {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

/** The facts in the row of a job. */
export interface JobRow {
  readonly lockedBy: string | null;
  readonly isCancelled: boolean;
  readonly message: string | null;
}

/**
 * The flag of a job that was cancelled. Its value is the time of the lock, which tells the run that was cancelled from a later run
 * of the same job.
 */
const flag = "cancelable:cancelled";

/** The rows of jobs in the database. graphile-worker has no function that changes the row of a running job. */
export class JobRows {
  readonly #jobs: string;
  readonly #queues: string;

  constructor(schema = "graphile_worker") {
    requireText(schema, "options.schema");
    const quoted = `"${schema.replaceAll('"', '""')}"`;
    this.#jobs = `${quoted}._private_jobs`;
    this.#queues = `${quoted}._private_job_queues`;
  }

  async read(database: Connected, id: string): Promise<JobRow | undefined> {
    const text = `select locked_by as "lockedBy", coalesce(flags->$2 = to_jsonb(extract(epoch from locked_at)), false) as "isCancelled", last_error as message
      from ${this.#jobs} where id = $1`;
    const { rows } = await database.withPgClient((client) => client.query(text, [id, flag]));
    return rows[0] as JobRow | undefined; // of this statement
  }

  /** Marks a job, so that it is not retried, and its worker sees it. A job that has failed for good stays as it is. */
  async cancel(
    database: Connected,
    id: string,
    message: string,
  ): Promise<"missing" | "waiting" | "running" | "failed"> {
    const text = `with job as (select * from ${this.#jobs} where id = $1 for update),
      marked as (
        update ${this.#jobs} as jobs set attempts = jobs.max_attempts, last_error = $2, updated_at = now(),
          flags = coalesce(jobs.flags, '{}'::jsonb) || jsonb_build_object($3::text, extract(epoch from jobs.locked_at))
        from job where jobs.id = job.id and (job.locked_at is not null or job.attempts < job.max_attempts))
      select case when locked_at is not null then 'running' when attempts < max_attempts then 'waiting' else 'failed' end
        as state from job`;
    const { rows } = await database.withPgClient((client) => client.query(text, [id, message, flag]));
    const [row] = rows as { readonly state: "waiting" | "running" | "failed" }[]; // of this statement
    return row?.state ?? "missing";
  }

  /** Gives a job back that its worker could not end, with its attempt: graphile-worker would leave it locked for hours. */
  async giveBack(database: Connected, id: string, lockedBy: string | null): Promise<void> {
    const text = `with job as (
        update ${this.#jobs} set attempts = greatest(attempts - 1, 0), locked_by = null, locked_at = null
        where id = $1 and locked_by = $2 returning job_queue_id)
      update ${this.#queues} as queues set locked_by = null, locked_at = null
      from job where queues.id = job.job_queue_id and queues.locked_by = $2`;
    await database.withPgClient((client) => client.query(text, [id, lockedBy]));
  }
}
