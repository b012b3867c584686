import { currentScope, waitFor } from "@hother/cancelable";
import { destroyClient, type RawClient } from "./raw-client.ts";

/** Connects a client in the ambient scope. After a cancellation the client cannot be used, as after a failed connect. */
export async function connectClient(client: RawClient): Promise<void> {
  currentScope().check();
  const connected = client.connect();
  try {
    await waitFor(connected);
  } catch (error) {
    if (error === currentScope().error) {
      connected.catch(() => {}); // no call waits for the client any more
      destroyClient(client);
    }
    throw error;
  }
}
