import { expect } from "vitest";
import { CancellationToken, LinkedCancellationToken } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("cancellation through links (rule 7)", (everywhere) => {
  everywhere("a cycle of links ends with every token cancelled (PAR-LNK-02)", () => {
    const a = new LinkedCancellationToken();
    const b = new LinkedCancellationToken();
    a.link(b);
    b.link(a);
    a.cancel("shutdown");
    expect([a.reason, b.reason]).toEqual(["shutdown", "parent"]);
  });

  everywhere("state changes first: a callback finds every linked token cancelled (CONF-T05)", () => {
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
