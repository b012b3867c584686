import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

/** An environment by which {@link aliveWith} finds a process and everything that it started. */
export function markedEnv(): Record<string, string | undefined> {
  return { ...process.env, CANCELABLE_TEST: randomUUID() };
}

/** The state, parent and group of a process. Undefined if it does not exist any more. */
export function statOf(pid: string | number): { state: string; parent: number; group: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", parent, group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

const pids = (): string[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name));

/** The processes that are alive and have the marked environment, also those outside of the group. */
export function aliveWith(env: Record<string, string | undefined>): number[] {
  return pids()
    .filter((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/environ`, "latin1");
        return text.includes(`CANCELABLE_TEST=${env.CANCELABLE_TEST}`) && statOf(pid)?.state !== "Z";
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The children of this process that have ended and that it has not waited for. */
export function zombies(): string[] {
  return pids().filter((pid) => {
    const stat = statOf(pid);
    return stat?.parent === process.pid && stat.state === "Z";
  });
}

/** The guards of process groups that this process has started. */
export function guards(): string[] {
  return pids().filter((pid) => {
    try {
      const isChild = statOf(pid)?.parent === process.pid;
      return isChild && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("cancelable-guard");
    } catch {
      return false;
    }
  });
}
