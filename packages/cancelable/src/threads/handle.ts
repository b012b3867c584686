import { invalidType, outOfRange } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";
import { Slab, slabBytes, slotCount, version } from "./slab.ts";
import type { Place } from "./slabs.ts";

const kind = "@hother/cancelable/shared-token";

/**
 * A small object with which another thread attaches to a shared token. It can be sent in `workerData`, in a message
 * and through a `BroadcastChannel`. It cannot be sent to another process, or as JSON.
 */
export interface SharedTokenHandle {
  readonly kind: typeof kind;
  /** The version of the layout of the memory. */
  readonly version: number;
  readonly memory: SharedArrayBuffer;
  readonly slot: number;
  readonly generation: number;
}

export function handleOf({ slab, slot, generation }: Place): SharedTokenHandle {
  return { kind, version, memory: slab.memory, slot, generation };
}

/**
 * Checks a handle, which can come from anywhere.
 *
 * @throws TypeError or RangeError that names the wrong part. UsageError `ERR_OTHER_VERSION`.
 */
export function requireHandle(handle: unknown): asserts handle is SharedTokenHandle {
  if ((handle as Partial<SharedTokenHandle> | null | undefined)?.kind !== kind)
    throw invalidType("handle", "the handle of a SharedCancellationToken", handle);
  const { version: given, memory, slot, generation } = handle as SharedTokenHandle;
  requireVersion(given);
  // Not `instanceof`: the memory can come from another realm.
  if (Object.prototype.toString.call(memory) !== "[object SharedArrayBuffer]")
    throw invalidType("handle.memory", "a SharedArrayBuffer, which JSON and a transfer do not keep", memory);
  const found = Slab.versionOf(memory);
  if (found !== undefined) requireVersion(found);
  if (found === undefined || memory.byteLength !== slabBytes)
    throw invalidType("handle.memory", "the memory of shared tokens", memory);
  if (!Number.isInteger(slot) || slot < 0 || slot >= slotCount)
    throw outOfRange("handle.slot", `a whole number from 0 to ${slotCount - 1}`, slot);
  if (!Number.isInteger(generation) || generation < 1 || generation > new Slab(memory).generationOf(slot))
    throw outOfRange("handle.generation", "the generation of a token that was created", generation);
}

function requireVersion(given: number): void {
  if (given === version) return;
  throw new UsageError(
    "ERR_OTHER_VERSION",
    "The handle of a shared token",
    `its memory has version ${given}, and this thread reads version ${version}`,
  );
}
