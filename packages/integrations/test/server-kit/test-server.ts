import { describe } from "vitest";
import { deadlineRows } from "./deadline-rows.ts";
import { finishedRows } from "./finished-rows.ts";
import type { Host } from "./host.ts";
import { http1Rows } from "./http1-rows.ts";
import { http2Rows } from "./http2-rows.ts";
import { leftRows } from "./left-rows.ts";
import { limitRows } from "./limit-rows.ts";

/** Defines the tests that every server has to pass. */
export function testServer(host: Host): void {
  describe(host.name, () => {
    finishedRows(host);
    leftRows(host);
    limitRows(host);
    deadlineRows(host);
    if (host.protocol === "http1") http1Rows(host);
    else http2Rows(host);
  });
}
