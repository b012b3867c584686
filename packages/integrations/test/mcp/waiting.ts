import { type Cancellable, type CancellationError, currentOperation, sleepForever } from "@hother/cancelable";
import { newPair } from "./wire.ts";

export const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
export const wait = { timeout: 10_000 };

/** A tool that waits for ever, and records its calls. */
export class Waiting {
  begun = 0;
  readonly ends: CancellationError[] = [];
  readonly operations: Cancellable[] = [];
  readonly run = async () => {
    this.begun++;
    this.operations.push(currentOperation() as Cancellable);
    try {
      return await sleepForever();
    } catch (error) {
      this.ends.push(error as CancellationError);
      throw error;
    }
  };
}

export async function waitingPair(options?: { readonly deadline?: boolean }) {
  const pair = newPair(options);
  const tool = new Waiting();
  pair.server.registerTool("wait", { description: "waits" }, tool.run);
  pair.server.registerTool("quick", { description: "answers" }, () => text("done"));
  await pair.connect();
  return { ...pair, tool };
}
