import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import {
  aliveIn,
  registerLeader,
  signalGroup,
  unregisterLeader,
} from "../../src/platform/process-group.node.ts";

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
