import { Cancellable, Event, shield } from "@hother/cancelable";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeTerminal, namesOn } from "./fake-terminal.ts";
import { onStage, started } from "./stage.ts";

beforeEach(() => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const broken = new Error("broken");

test("Of more running operations than rows the first are shown, and the number of the others", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const jobs = Array.from({ length: 30 }, (_, index) => started({ name: `job ${index}`, register }));
    await pass(2_500);
    await pass();
    expect(namesOn(terminal)).toEqual([
      "job 0",
      "job 1",
      "job 2",
      "job 3",
      "job 4",
      "job 5",
      "… and 24 more: 24 running",
    ]);
    await Promise.all(jobs.map((job) => job.end()));
  }, new FakeTerminal(80, 8));
});

test("A terminal with two rows shows only the numbers of operations", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const jobs = ["a", "b", "c"].map((name) => started({ name, register }));
    await jobs[1]?.end();
    await pass();
    expect(terminal.lines).toEqual(["… and 3 more: 2 running, 1 completed"]);
    for (const job of jobs) await job.end();
  }, new FakeTerminal(80, 2));
});

test("Running operations come before failed and cancelled ones, and completed ones fill the other rows", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const jobs = Array.from({ length: 60 }, (_, index) => started({ name: `job ${index}`, register }));
    const at = (index: number) => jobs[index] as (typeof jobs)[number];
    for (const index of jobs.keys()) if (index < 50 && index !== 20 && index !== 30) await at(index).end();
    await at(20).end(broken);
    at(30).op.cancel();
    await at(30).ended;
    for (let index = 54; index < 60; index++) await at(index).end();
    await pass();
    expect(namesOn(terminal)).toEqual([
      "job 0",
      "job 1",
      "job 20",
      "job 30",
      "job 50",
      "job 51",
      "job 52",
      "job 53",
      "… and 52 more: 52 completed",
    ]);
    for (let index = 50; index < 54; index++) await at(index).end();
  }, new FakeTerminal(80, 10));
});

test("Rows are shown in the order of the tree, each with its ancestors", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const top = started({ name: "top", register });
    const quiet = Array.from({ length: 10 }, (_, index) =>
      started({ name: `quiet ${index}`, register }, top.op),
    );
    for (const one of quiet) await one.end();
    const group = started({ name: "group", register }, top.op);
    const leaf = started({ name: "leaf", register }, group.op);
    const stopping = started({ name: "stopping", register }, top.op);
    const failed = started({ name: "failed", register }, group.op);
    await failed.end(broken);
    await pass();
    expect(namesOn(terminal)).toEqual([
      "top",
      "├─ group",
      "│  ├─ leaf",
      "│  └─ failed",
      "└─ stopping",
      "… and 10 more: 10 completed",
    ]);
    for (const one of [leaf, group, stopping, top]) await one.end();
  }, new FakeTerminal(80, 7));
});

test("A failed operation is hidden if its ancestors do not fit", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const running = ["a", "b"].map((name) => started({ name, register }));
    const parent = started({ name: "parent", register });
    const failed = started({ name: "failed", register }, parent.op);
    await failed.end(broken);
    await parent.end();
    const alone = started({ name: "alone", register });
    await alone.end(broken);
    await pass();
    expect(namesOn(terminal)).toEqual(["a", "b", "alone", "… and 2 more: 1 failed, 1 completed"]);
    for (const job of running) await job.end();
  }, new FakeTerminal(80, 5));
});

test("A higher terminal first shows cancelling, then failed, then pending and then completed operations", async () => {
  const terminal = new FakeTerminal(80, 3);
  await onStage(async ({ register, pass }) => {
    for (const name of ["done 1", "done 2"]) await started({ name, register }).end();
    register.register(new Cancellable({ name: "pending" }));
    await started({ name: "failed", register }).end(broken);
    const end = new Event();
    const slow = new Cancellable({ name: "cancelling", register });
    const ended = slow.settle(() => shield(() => end.wait()));
    slow.cancel();
    const pictures = [];
    for (const rows of [3, 4, 5, 6]) {
      terminal.rows = rows;
      await pass();
      pictures.push(namesOn(terminal));
    }
    expect(pictures).toEqual([
      ["cancelling", "… and 4 more: 1 failed, 1 pending, 2 completed"],
      ["failed", "cancelling", "… and 3 more: 1 pending, 2 completed"],
      ["pending", "failed", "cancelling", "… and 2 more: 2 completed"],
      ["done 1", "done 2", "pending", "failed", "cancelling"],
    ]);
    end.set();
    await ended;
  }, terminal);
});

test("The last picture shows the cancelled operations among many completed ones", async () => {
  const terminal = new FakeTerminal(80, 8);
  await onStage(async ({ register }) => {
    const jobs = Array.from({ length: 200 }, (_, index) => started({ name: `job ${index}`, register }));
    for (const [index, job] of jobs.entries()) {
      if (index % 50 === 49) job.op.cancel();
      else await job.end();
    }
    await Promise.all(jobs.map((job) => job.ended));
  }, terminal);
  expect(namesOn(terminal)).toEqual([
    "job 0",
    "job 1",
    "job 49",
    "job 99",
    "job 149",
    "job 199",
    "… and 194 more: 194 completed",
  ]);
});

test("The option `keep` keeps operations that ended more than 2 s ago, with their ancestors", async () => {
  const terminal = new FakeTerminal();
  await onStage(
    async ({ register, pass }) => {
      const parent = started({ name: "parent", register });
      const failed = started({ name: "failed", register }, parent.op);
      const cancelled = started({ name: "cancelled", register }, parent.op);
      const completed = started({ name: "completed", register }, parent.op);
      await failed.end(broken);
      cancelled.op.cancel();
      await cancelled.ended;
      await completed.end();
      await parent.end();
      await pass(5_000);
      await pass();
      expect(namesOn(terminal)).toEqual(["parent", "├─ failed", "└─ cancelled"]);
    },
    terminal,
    { keep: ["failed", "cancelled"] },
  );
  expect(namesOn(terminal)).toEqual(["parent", "├─ failed", "└─ cancelled"]);
});
