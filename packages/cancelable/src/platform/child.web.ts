import { UsageError } from "../usage-error.ts";

export class StartFailure {}

export function startChild(): never {
  throw new UsageError("ERR_UNSUPPORTED_HOST", "runProcess()", "a browser starts no processes");
}
