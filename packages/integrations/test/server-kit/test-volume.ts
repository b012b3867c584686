import { expect, onTestFinished, test } from "vitest";
import type { Host } from "./host.ts";
import { Volume } from "./volume.ts";

/** Defines the test with many concurrent requests, of which half leaves. */
export function testVolume(host: Host): void {
  test(`of 1,000 requests at once on ${host.name}, exactly the half that leaves is cancelled (HIN-06, HIN-13)`, {
    timeout: 120_000,
  }, async () => {
    const volume = await Volume.start(host);
    onTestFinished(() => volume.close());
    // The second round of HTTP/1 uses the connections of the first one.
    for (const seed of [1, 2]) {
      const { counts, problems } = await volume.round(1_000, seed);
      expect(problems).toEqual([]);
      expect(counts["never"]).toBe(500);
    }
  });
}
