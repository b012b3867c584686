import { expect } from "vitest";
import { type AmbientScope, all, any, asCompleted, Cancellable, race, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the scope of a child as an argument", (everywhere) => {
  /** Starts an operation below `scope` in which the work waits, as code without an ambient scope does. */
  const below =
    (ended: string[], name: string) =>
    (scope: AmbientScope): Promise<never> =>
      new Cancellable({ parent: scope, name }).run((op) =>
        op.waitFor(new Promise<never>(() => {})).finally(() => ended.push(name)),
      );

  everywhere("an operation below the scope of a loser is cancelled with it (issue 12)", async () => {
    const ended: string[] = [];
    expect(await race([() => sleep(1).then(() => "won"), below(ended, "race")])).toBe("won");
    expect(await any([() => sleep(1).then(() => "won"), below(ended, "any")])).toBe("won");
    const failing = () => sleep(1).then(() => Promise.reject(new Error("boom")));
    expect(await rejection(all([failing, below(ended, "all")]))).toMatchObject({ message: "boom" });
    for await (const value of asCompleted([() => sleep(1).then(() => "won"), below(ended, "completed")])) {
      expect(value).toBe("won");
      break;
    }
    expect(ended).toEqual(["race", "any", "all", "completed"]);
  });

  everywhere("each function gets a scope of its own", async () => {
    const scopes = await all([(scope) => scope, (scope) => scope], { concurrency: 1 });
    expect(scopes[0]).not.toBe(scopes[1]);
  });

  everywhere("the task ends when everything that was started in its scope has ended", async () => {
    const order: string[] = [];
    await all([
      (scope) => void new Cancellable({ parent: scope }).run(() => sleep(5)).then(() => order.push("child")),
    ]);
    order.push("all");
    expect(order).toEqual(["child", "all"]);
  });
});
