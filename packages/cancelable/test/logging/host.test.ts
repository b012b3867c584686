import { expect, test } from "vitest";
import { listenToOperations } from "../../src/platform/channel.web.ts";
import { expectUsageError, thrown } from "../refusals.ts";

test("on a host without diagnostics channels logging is refused", () => {
  expectUsageError(
    thrown(() => listenToOperations(() => {})),
    "ERR_UNSUPPORTED_HOST",
    /^The log of operations is not available on this host .*callbacks/,
  );
});
