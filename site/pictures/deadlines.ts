import { CancelScope, currentDeadline, getBackend, run, sleep } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { drawTree, type TreeNode } from "../playground/tree.ts";
import { expectSame } from "./expect-same.ts";
import { pictureWidth } from "./recorded-run.ts";

const seconds = (ms: number): string => (ms === Number.POSITIVE_INFINITY ? "none" : `${ms / 1_000} s`);

/** Picture 9: the earliest deadline on the way up holds, up to the next shield. */
export async function drawPicture(): Promise<string> {
  const nodes: TreeNode[] = [];
  const scope = (
    name: string,
    { timeout, shield = false }: { timeout?: number; shield?: boolean },
    parent: string | undefined,
    body: () => Promise<unknown>,
  ): Promise<unknown> =>
    new CancelScope({ timeout, shield, name }).run(async () => {
      const left = currentDeadline() - getBackend().now();
      nodes.push({
        key: name,
        parent,
        name,
        lines: [
          `${shield ? "shield, " : ""}${timeout === undefined ? "no limit" : `limit ${seconds(timeout)}`}`,
          `ends in ${seconds(left)}`,
        ],
        style: shield || parent === "roll back" ? "done" : left === timeout ? "ending" : "run",
        edge: "none",
      });
      await body();
    });
  const end = (): Promise<void> => sleep(0);
  await run(
    () =>
      scope("request", { timeout: 5_000 }, undefined, async () => {
        await scope("query", { timeout: 60_000 }, "request", end);
        await scope("fetch", { timeout: 2_000 }, "request", () => scope("read body", {}, "fetch", end));
        await scope("roll back", { timeout: 10_000, shield: true }, "request", () =>
          scope("write log", { timeout: 30_000 }, "roll back", end),
        );
      }),
    { backend: new VirtualBackend() },
  );
  expectSame(
    nodes.map(({ name, lines }) => `${name}: ${lines.at(-1)}`),
    [
      "request: ends in 5 s",
      "query: ends in 5 s",
      "fetch: ends in 2 s",
      "read body: ends in 2 s",
      "roll back: ends in 10 s",
      "write log: ends in 10 s",
    ],
  );
  return drawTree(nodes, {
    title: "The earliest deadline on the way up holds, up to the next shield",
    width: pictureWidth,
    file: true,
    id: "deadlines",
    notes: [
      "“query” has a limit of 60 s and ends in 5 s, because “request” above it does. “read body” has no limit and ends with “fetch”. The shield keeps the deadline of “request” out: only its own limit holds below it.",
    ],
  });
}
