import { UsageError } from "../usage-error.ts";

export function listenToOperations(_callback: (event: unknown) => void): Disposable {
  throw new UsageError(
    "ERR_UNSUPPORTED_HOST",
    "The log of operations",
    "it has no diagnostics_channel; use the callbacks of the operations",
  );
}
