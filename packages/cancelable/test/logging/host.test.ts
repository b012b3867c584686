import { expect, test } from "vitest";
import { listenToOperations } from "../../src/platform/channel.web.ts";
import { expectUsageError, thrown } from "../refusals.ts";

test("where the host has no diagnostics channel, logging operations is refused", () => {
  expectUsageError(
    thrown(() => listenToOperations(() => {})),
    "ERR_UNSUPPORTED_HOST",
    /^The log of operations is not available on this host .*callbacks/,
  );
});
