import { expect } from "vitest";
import { Cancellable, type ResourceReader, ResourceSource, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

describeEverywhere("a resource source", (everywhere) => {
  const reader = (values: Partial<Record<"memory" | "cpu" | "disk" | "eventLoopDelay", number>>) => {
    const reads: string[] = [];
    const read = (kind: keyof typeof values) => () => {
      reads.push(kind);
      return values[kind] ?? 0;
    };
    return {
      reads,
      memory: read("memory"),
      cpu: read("cpu"),
      disk: async () => read("disk")(),
      eventLoopDelay: read("eventLoopDelay"),
    };
  };

  everywhere(
    "a value strictly above its threshold fires, and a metric without a threshold is not read (PAR-RES-02, PAR-RES-03, PAR-RES-04)",
    async () => {
      const low = reader({ memory: 80, cpu: 10 });
      await expect(
        Cancellable.withResources({ memory: 80 }, { interval: 2, reader: low }).run(() =>
          sleep(10).then(() => "ok"),
        ),
      ).resolves.toBe("ok");
      expect(new Set(low.reads)).toEqual(new Set(["memory"]));
      const high = reader({ disk: 97 });
      const outcome = await Cancellable.withResources(
        { cpu: 90, disk: 95 },
        { interval: 2, reader: high },
      ).settle(() => sleepForever());
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
      expect(new ResourceSource({ memory: 80 }).name).toContain("resources");
    },
  );

  everywhere("the host's own metrics are within their ranges", async () => {
    const seen: boolean[] = [];
    const op = Cancellable.withResources(
      { memory: 100, cpu: 100, disk: 100, eventLoopDelay: 60_000 },
      { interval: 5 },
    );
    await op.run(async () => {
      await sleep(20);
      seen.push(op.isCancelled);
    });
    expect(seen).toEqual([false]);
  });
});

describeEverywhere("the thresholds of a resource source", (everywhere) => {
  everywhere("the source keeps a copy of its thresholds, and its name lists them (PAR-RES-01)", async () => {
    const thresholds = { memory: 80, cpu: 90 };
    const source = new ResourceSource(thresholds, { interval: 5 });
    expect(source.thresholds).toEqual({ memory: 80, cpu: 90 });
    expect(source.thresholds).not.toBe(thresholds);
    expect(source.name).toBe("resources(memory>80, cpu>90)");
    let reads = 0;
    const read = (): number => {
      reads++;
      return reads > 2 ? 90 : 80;
    };
    const op = Cancellable.withResources(
      { memory: 80 },
      { interval: 5, reader: { memory: read, cpu: read, disk: read, eventLoopDelay: read } },
    );
    await op.settle(() => sleepForever());
    expect(reads).toBe(3);
    expect(op.context.metadata.cancelledBy).toBe("resources(memory>80)");
  });
});

describeEverywhere("a custom reader of resources", (everywhere) => {
  everywhere("the reader needs a function for each threshold", () => {
    const make = (thresholds: object, reader: unknown) => () =>
      Cancellable.withResources(thresholds, { reader: wrong(reader) });
    expectThrows("TypeError", [
      [make({ memory: 50 }, {}), "options.reader.memory", "a function", "undefined"],
      [make({ memory: 50 }, null), "options.reader.memory", "a function", "undefined"],
      [make({ cpu: 50 }, { memory: () => 1, cpu: 7 }), "options.reader.cpu", "a function", "7"],
      [make({ disk: 50 }, { disk: "full" }), "options.reader.disk", "a function", '"full"'],
      [
        make({ eventLoopDelay: 50 }, { memory: () => 1 }),
        "options.reader.eventLoopDelay",
        "a function",
        "undefined",
      ],
    ]);
  });

  everywhere("the reader needs no other functions, and replaces the host's metrics", async (t) => {
    let reads = 0;
    const reader = { memory: () => (++reads === 3 ? 91 : 90) } as unknown as ResourceReader;
    const op = Cancellable.withResources({ memory: 90 }, { reader, interval: 10 });
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "condition" } });
    expect(reads).toBe(3);
    t.expectElapsed(20);
  });
});
