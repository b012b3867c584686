import { expect } from "vitest";
import { CancellationToken, LinkedCancellationToken } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("rule 7: cancel() is synchronous and happens once", (everywhere) => {
  everywhere("cycles of links end, with all cancelled (PAR-LNK-02, BUG-15, BUG-16)", () => {
    const a = new LinkedCancellationToken();
    const b = new LinkedCancellationToken();
    a.link(b);
    b.link(a);
    a.cancel("shutdown");
    expect([a.reason, b.reason]).toEqual(["shutdown", "parent"]);
  });

  everywhere("state first: a callback already finds everything cancelled (CONF-T05, BUG-14)", () => {
    const source = new CancellationToken();
    const linked = new LinkedCancellationToken();
    let seen: boolean | undefined;
    source.onCancel(() => {
      seen = linked.isCancelled;
    });
    linked.link(source);
    source.cancel();
    expect(seen).toBe(true);
  });
});
