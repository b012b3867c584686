import { type Cancellable, lines } from "@hother/cancelable";

/** Asks the server. The server sends one line of JSON per hit, and the number of hits in a header. */
export async function search(op: Cancellable, query: string): Promise<string[]> {
  // Waits until the user has stopped typing. A newer run ends this wait.
  await op.sleep(150);
  // The signal closes the connection when the run is cancelled, also while the answer is read.
  const response = await fetch(`/search?q=${encodeURIComponent(query)}`, { signal: op.signal });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const total = response.headers.get("x-total");
  const hits: string[] = [];
  for await (const line of op.stream(lines(response.body))) {
    hits.push(JSON.parse(line));
    op.reportProgress(`${hits.length} of ${total} hits`);
  }
  return hits;
}
