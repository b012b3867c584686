import { retryDelay } from "../model/retry-delay.ts";

/** The members of a client that the wait between two attempts uses. The names are private in its types. */
interface RetryingClient {
  readonly maxRetries: number;
  retryRequest?: (
    options: { readonly maxRetries?: number; readonly signal?: AbortSignal | null },
    retriesRemaining: number,
    logId: string,
    headers?: Headers,
  ) => Promise<unknown>;
  calculateDefaultRetryTimeoutMillis(retriesRemaining: number, maxRetries: number): number;
  makeRequest(options: unknown, retriesRemaining: number, logId: string): Promise<unknown>;
}

/**
 * Makes the wait between two attempts end with the signal of the call. The wait of the client itself does not listen: its
 * timer, which can last as long as the server has said, would keep the process alive after the end of the call.
 */
export function endWaitsWithSignal(target: object): void {
  const client = target as RetryingClient; // a client of OpenAI, which has these methods
  if (
    typeof client.retryRequest !== "function" ||
    typeof client.calculateDefaultRetryTimeoutMillis !== "function"
  )
    return;
  client.retryRequest = async (options, retries, logId, headers) => {
    const delay =
      (headers && retryDelay(headers)) ??
      client.calculateDefaultRetryTimeoutMillis(retries, options.maxRetries ?? client.maxRetries);
    await pause(delay, options.signal);
    return client.makeRequest(options, retries - 1, logId);
  };
}

/** Waits. Ends early, without an error, when the signal is aborted: the next attempt then sends nothing. */
function pause(milliseconds: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}
