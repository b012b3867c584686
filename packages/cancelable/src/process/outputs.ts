import type { ChildOutput } from "#platform/child";
import { moveOnAfter } from "../flow/move-on-after.ts";
import { waitFor } from "../flow/wait-for.ts";
import { currentNode } from "../scope/ambient.ts";

/** How long an output may be silent after the end of the group, while another process holds its pipe, in ms. */
const silence = 100;
/** The silence is counted in pauses of this time, in ms: while this process stood still, it could not read either. */
const pause = 20;

/** The first bytes of an output, as text. */
export class TextOutput {
  readonly #chunks: Uint8Array[] = [];
  readonly #max: number;
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#size > this.#max;
  }

  /** Reads `output` to its end. Calls `full` when there is more than the maximum, and forgets the rest. */
  async readAll(output: ChildOutput, full: () => void): Promise<void> {
    for (;;) {
      const chunk = await output.read();
      if (chunk === undefined) return;
      if (this.isFull) continue;
      const room = this.#max - this.#size;
      this.#chunks.push(chunk.subarray(0, room));
      this.#size += chunk.length;
      if (this.isFull) full();
    }
  }

  /** The whole text, decoded at once, so that a character can be split between two chunks. */
  toString(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
  }
}

/** The chunks of an output, for the user's function. Every read is a checkpoint of the ambient scope. */
async function* chunksOf(output: ChildOutput): AsyncGenerator<Uint8Array, void, void> {
  for (;;) {
    const chunk = await waitFor(output.read());
    if (chunk === undefined) return;
    yield chunk;
  }
}

/**
 * Gives an output to the user's function. A function that stops reading closes the pipe, as a program that ends does. In
 * a cancelled scope, the rest is read and forgotten instead, so that a process can write while it cleans up.
 */
export async function consume(
  output: ChildOutput,
  consumer: (chunks: AsyncIterable<Uint8Array>) => unknown,
): Promise<void> {
  try {
    await consumer(chunksOf(output));
  } finally {
    if (currentNode().pending() === undefined) output.close();
    else void output.drain();
  }
}

/**
 * Waits for the end of an output whose group has ended. A process outside of the group can still hold the pipe: the output
 * is closed when a reader has waited for 100 ms in vain.
 */
export async function outputEnds(output: ChildOutput): Promise<void> {
  let silent = 0;
  for (let before = -1; !output.hasEnded; ) {
    silent = output.isWaiting && output.bytes === before ? silent + pause : 0;
    if (silent >= silence) output.close();
    before = output.bytes;
    await moveOnAfter(pause, () => waitFor(output.ended));
  }
}
