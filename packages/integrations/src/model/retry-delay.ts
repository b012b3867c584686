/**
 * The time in ms that a server asks its clients to wait before the next attempt, as the clients of models read it. Undefined
 * without such a header.
 */
export function retryDelay(headers: Headers): number | undefined {
  const milliseconds = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  const after = headers.get("retry-after");
  if (milliseconds > 0 || after === null) return Number.isNaN(milliseconds) ? undefined : milliseconds;
  const seconds = Number.parseFloat(after);
  const delay = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  return Number.isNaN(delay) ? undefined : delay;
}
