import { currentDeadline, getBackend } from "@hother/cancelable";
import type { RawClient, RawConnection, RawQuery } from "./raw-client.ts";

/** The longest `statement_timeout` that the server takes, in ms. */
const longest = 2_147_483_647;
/** Statements that begin or end a transaction, or that change its settings. They would keep the limit, or lose their own. */
const transactionControl =
  /^(?:\s|--[^\n]*|\/\*[^]*?\*\/)*(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|set|reset)\b/i;
/** The setting that keeps the limit of a transaction while one of its statements has another one. */
const kept = "cancelable.statement_timeout";

/**
 * Sends the time to the ambient deadline as `statement_timeout` before `query`, and in a transaction the limit of before
 * after it. The three parts go together, and are one transaction for the server. The setting is local to the transaction, so
 * that no other statement sees it, also behind a PgBouncer that lends a connection for one transaction.
 *
 * 1. The server answers the parts in their order. Only the answers to the second part reach the query.
 * 2. After a part that fails, the server skips the others. In a transaction it then takes back the limit with all the rest.
 *
 * @returns whether the server gets a limit. A transaction that has failed takes none.
 * @throws TypeError if this version of pg does not tell the state of a transaction.
 */
export function sendDeadline(client: RawClient, query: RawQuery): boolean {
  if (client.getTransactionStatus === undefined)
    throw new TypeError(
      "options.serverDeadline needs pg 8.21 or later, which tells the state of a transaction",
    );
  const deadline = currentDeadline();
  const backend = getBackend();
  const status = client.getTransactionStatus();
  const { text, rows } = query;
  if (!(deadline - backend.now() < longest) || status === "E" || rows || !text) return false;
  if (transactionControl.test(text)) return false;
  const isInTransaction = status === "T";
  const submit = query.submit.bind(query);
  query.queryMode = "extended"; // the end of a simple query is the end of its transaction
  query.submit = (connection) => {
    const ms = Math.max(1, Math.ceil(deadline - backend.now()));
    const keep = isInTransaction ? `set_config('${kept}', current_setting('statement_timeout'), true), ` : "";
    const { stream } = client.connection;
    stream.cork(); // one packet
    sendPart(connection, `select ${keep}set_config('statement_timeout', '${ms}', true)`);
    const sync = (): void => {
      if (isInTransaction)
        sendPart(connection, `select set_config('statement_timeout', current_setting('${kept}'), true)`);
      connection.sync();
    };
    const result = submit(Object.create(connection, { sync: { value: sync } }));
    stream.uncork();
    skipAnswers(query, connection);
    return result;
  };
  return true;
}

/** Keeps the answers to the first and to the last part from the query. */
function skipAnswers(query: RawQuery, connection: RawConnection): void {
  const { name, handleDataRow, handleCommandComplete, handleError } = query;
  let part = 1;
  // When the server has parsed a part, pg notes the name of the query as parsed.
  query.name = undefined;
  const showName = (): void => {
    query.name = name;
  };
  query.handleDataRow = (row) => {
    if (part === 2) handleDataRow.call(query, row);
  };
  query.handleCommandComplete = (message) => {
    if (part === 1) showName();
    if (part === 2) handleCommandComplete.call(query, message, connection);
    part++;
  };
  query.handleError = (error) => {
    if (part === 1 && name !== undefined) delete connection.submittedNamedStatements[name];
    showName();
    handleError.call(query, error, connection);
  };
}

/** Sends a statement without values. The server does not describe its row. */
function sendPart(connection: RawConnection, text: string): void {
  connection.parse({ text, name: "", types: [] });
  connection.bind({});
  connection.execute({});
}
