import { UsageError } from "../usage-error.ts";

export function listenToOperations(_callback: (event: unknown) => void): Disposable {
  throw new UsageError(
    "ERR_UNSUPPORTED_HOST",
    "The log of operations",
    "there is no diagnostics_channel here; use the operations' callbacks",
  );
}
