import { UsageError } from "../usage-error.ts";

export interface ResourceProbe extends Disposable {
  memory(): number;
  cpu(): number;
  disk(path: string): Promise<number>;
  eventLoopDelay(): number;
}

export function createResourceProbe(): ResourceProbe {
  throw new UsageError("ERR_UNSUPPORTED_HOST", "A resource source", "it does not report its resources");
}
