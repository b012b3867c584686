import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import type { ClientCore } from "./node-redis.ts";

/** Waits until the client can send, or never will. Commands that node-redis keeps for a transaction cannot be taken back. */
export async function whenReady(core: ClientCore, what: string): Promise<void> {
  if (core.isReady || !core.isOpen) return;
  const events = ["ready", "end", "terminated"];
  let settle!: () => void;
  let unfollow!: () => void;
  try {
    await new Promise<void>((resolve, reject) => {
      settle = resolve;
      for (const event of events) core.on(event, settle);
      unfollow = untilCancelled((reason) => {
        const cause = new StatementNotSentError(`${what} waited for a connection, and was not sent`);
        reject(cancelledStatement(reason, cause));
      }, what);
    });
  } finally {
    unfollow();
    for (const event of events) core.off(event, settle);
  }
}
