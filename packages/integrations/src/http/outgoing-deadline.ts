import { sleepForever } from "@hother/cancelable";
import { type DeadlineHeader, type KnownDeadlineHeader, toDeadlineHeader } from "./deadline-header.ts";
import { SentDeadline } from "./sent-deadline.ts";

/** The option of the clients that send the deadline of the ambient scope. */
export interface OutgoingDeadlineOptions {
  /**
   * The header that tells the server how much time is left: a name, or a name and a format. `false` sends none.
   * Default: `x-request-timeout-ms`, in whole milliseconds.
   */
  readonly deadlineHeader?: string | DeadlineHeader | false | undefined;
}

/** The header to write, or undefined for none. */
export function toOutgoingHeader(
  options: OutgoingDeadlineOptions | undefined,
): KnownDeadlineHeader | undefined {
  const option = options?.deadlineHeader;
  return option === false ? undefined : toDeadlineHeader(option, "options.deadlineHeader");
}

/**
 * The value of the header for a request that is sent now. Where there is no time for an answer, this waits for the timeout
 * and throws it, so that the request is not sent.
 *
 * @param existing The value that the caller of the request has set. It stays if it is smaller.
 * @returns undefined if nothing is to be written.
 */
export async function valueToSend(
  header: KnownDeadlineHeader | undefined,
  existing: unknown,
): Promise<string | undefined> {
  const deadline = new SentDeadline(header);
  const left = deadline.left();
  if (left < 1) await sleepForever();
  return deadline.value(left, existing);
}
