import { Cancellable, OperationRegistry, type OperationTree } from "@hother/cancelable";
import { expect, test } from "vitest";
import { RegistryFeed } from "../src/feed.ts";

test("A registry with 150,000 siblings does not overflow the stack", async () => {
  const snapshot = new Cancellable({ name: "job" }).context.toJSON();
  const siblings = new Array<OperationTree>(150_000).fill({ ...snapshot, children: [] });
  class WideRegistry extends OperationRegistry {
    override tree(): OperationTree[] {
      return [{ ...snapshot, name: "top", children: siblings }];
    }
  }
  const feed = new RegistryFeed(new WideRegistry(), 100);
  let count = 0;
  const following = feed.follow(() => count++);
  feed.close();
  await following;
  expect(count).toBe(150_001);
});
