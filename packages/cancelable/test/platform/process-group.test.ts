import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ChildOutput } from "../../src/platform/child.node.ts";
import {
  aliveIn,
  registerLeader,
  signalGroup,
  unregisterLeader,
} from "../../src/platform/process-group.node.ts";
import { outputEnds, TextOutput } from "../../src/process/outputs.ts";

const children: number[] = [];

function start(detached: boolean): number {
  const { pid } = spawn("sleep", ["600"], { detached, stdio: "ignore" });
  children.push(pid as number);
  return pid as number;
}

afterEach(() => {
  for (const pid of children.splice(0)) process.kill(pid, "SIGKILL");
});

test("a group is signalled only if a child of this process leads it (PRC-03)", () => {
  const [leader, member] = [start(true), start(false)];
  expect([registerLeader(leader), registerLeader(member)]).toEqual([true, false]);
  expect(signalGroup(leader, 0)).toBe("sent");
  expect(aliveIn(leader)).toEqual([leader]);
  for (const other of [member, process.pid, process.ppid, 1, 0, -1])
    expect(() => signalGroup(other, "SIGKILL")).toThrow(
      new RangeError(`process group ${other} is not led by a child of this process`),
    );
  unregisterLeader(leader);
  expect(() => signalGroup(leader, "SIGKILL")).toThrow(RangeError);
});

test("the own process is refused, also if it leads a group (PRC-03)", () => {
  registerLeader(process.pid);
  expect(() => signalGroup(process.pid, 0)).toThrow(RangeError);
  unregisterLeader(process.pid);
});

test("a group that has ended is gone (PRC-03)", async () => {
  const child = spawn("true", { detached: true, stdio: "ignore" });
  const pid = child.pid as number;
  registerLeader(pid);
  await once(child, "exit");
  expect([signalGroup(pid, 0), aliveIn(pid)]).toEqual(["gone", []]);
  unregisterLeader(pid);
});

test("an output is read to its end, also if this process stands still before it reads (PRC-08)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "outputs-"));
  const written = join(folder, "written");
  const child = spawn("sh", ["-c", 'echo out; : > "$0"', written], { stdio: ["ignore", "pipe", "ignore"] });
  const output = new ChildOutput(child.stdout);
  const text = new TextOutput(100);
  const reading = text.readAll(output, () => {});
  while (!existsSync(written));
  const ended = outputEnds(output);
  for (const end = performance.now() + 150; performance.now() < end; );
  await Promise.all([ended, reading]);
  expect(String(text)).toBe("out\n");
  rmSync(folder, { recursive: true });
});
