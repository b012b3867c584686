import { expect } from "vitest";
import { CancelScope, sleep, taskGroup } from "../../src/index.ts";
import { Sequencer } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("Sequencer", (everywhere) => {
  everywhere("the blocks of several tasks run in the given order (CONF-O04)", async () => {
    const order: string[] = [];
    const sequencer = new Sequencer();
    const block = (position: number) =>
      sequencer.at(position, async () => {
        order.push(`${position} begins`);
        await sleep(1);
        order.push(`${position} ends`);
        return position;
      });
    await taskGroup(async (group) => {
      group.startSoon(async () => expect([await block(2), await block(3)]).toEqual([2, 3]));
      group.startSoon(() => block(1));
      group.startSoon(async () => {
        await block(0);
        await block(4);
      });
    });
    expect(order).toEqual([0, 1, 2, 3, 4].flatMap((n) => [`${n} begins`, `${n} ends`]));
  });

  everywhere("a block that throws has ended", async () => {
    const sequencer = new Sequencer();
    const failed = rejection(
      sequencer.at(0, () => {
        throw new Error("block 0");
      }),
    );
    expect([await sequencer.at(1, () => "block 1"), await failed]).toMatchObject([
      "block 1",
      { message: "block 0" },
    ]);
  });

  everywhere("a cancelled wait breaks all further waits (CONF-O04)", async () => {
    const sequencer = new Sequencer();
    const broken = {
      name: "AssertionError",
      message: "The sequence is broken: the wait for block 1 was cancelled",
    };
    const scope = new CancelScope();
    await taskGroup(async (group) => {
      const third = group.startSoon(() => rejection(sequencer.at(2, () => expect.fail("block 2"))));
      group.startSoon(() => scope.run(() => sequencer.at(1, () => expect.fail("block 1"))));
      await sleep(1);
      scope.cancel();
      expect(await third).toMatchObject(broken);
    });
    expect(scope.cancelledCaught).toBe(true);
    for (const position of [0, 3]) {
      expect(await rejection(sequencer.at(position, () => expect.fail("ran")))).toMatchObject(broken);
    }
  });

  everywhere("a position can be used once (CONF-O04)", async () => {
    const sequencer = new Sequencer();
    await sequencer.at(0, () => {});
    expect(await rejection(sequencer.at(0, () => expect.fail("again")))).toMatchObject({
      name: "AssertionError",
      message: "Position 0 of the sequence was used before",
    });
  });

  everywhere("wrong arguments are refused", async () => {
    const sequencer = new Sequencer();
    for (const wrong of [-1, 1.5, "0", undefined]) {
      expect(await rejection(sequencer.at(wrong as number, () => {}))).toMatchObject({
        message: expect.stringMatching(/^position must be /),
      });
    }
    expect(await rejection(sequencer.at(0, 5 as unknown as () => void))).toMatchObject({
      message: "block must be a function; got 5",
    });
    expect(await sequencer.at(0, () => "unclaimed")).toBe("unclaimed");
  });
});
