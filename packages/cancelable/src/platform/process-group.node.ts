import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The groups that a child of this process leads. No other group is ever signalled. */
const led = new Set<number>();

/** The state and the group of a process. Undefined if it does not exist. Only on Linux. */
function statOf(pid: number | string): { readonly state: string; readonly group: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in the second field can contain spaces and parentheses.
    const [state = "", , group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, group: Number(group) };
  } catch {
    return undefined;
  }
}

/** Registers a child that was started as the leader of a group. Returns false if it does not lead one. */
export function registerLeader(pid: number): boolean {
  if (process.platform === "linux" && statOf(pid)?.group !== pid) return false;
  led.add(pid);
  return true;
}

export function unregisterLeader(pid: number): void {
  led.delete(pid);
}

/**
 * Sends a signal to every process of a group that a child of this process leads. 0 only asks whether the group exists.
 *
 * @returns An error if the system refuses, for example because of the permissions.
 * @throws RangeError for another group, such as the own one.
 */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): "sent" | "gone" | Error {
  if (!led.has(group) || group === process.pid)
    throw new RangeError(`process group ${group} is not led by a child of this process`);
  /* v8 ignore if -- @preserve untested: no test runs on Windows */
  if (process.platform === "win32") return signalTree(group, signal);
  try {
    process.kill(-group, signal);
    return "sent";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH" ? "gone" : (error as Error);
  }
}

/* v8 ignore start -- @preserve untested: no test runs on Windows */
function signalTree(pid: number, signal: NodeJS.Signals | 0): "sent" | "gone" | Error {
  // The tree is known to the system only while its root lives.
  if (signal === 0) return "gone";
  const force = signal === "SIGKILL" ? ["/F"] : [];
  const { error } = spawnSync("taskkill", ["/pid", String(pid), "/T", ...force], { windowsHide: true });
  return error ?? "sent";
}
/* v8 ignore stop */

/** The processes of a group that are alive. On systems without `/proc`: the leader, if any process of the group lives. */
export function aliveIn(group: number): readonly number[] {
  if (signalGroup(group, 0) === "gone") return [];
  /* v8 ignore if -- @preserve only Linux has this folder */
  if (process.platform !== "linux") return [group];
  const alive: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(name);
    // A zombie stays while its parent does not wait for it, and takes signals all that time (Z and X are dead).
    if (stat?.group === group && !/[ZX]/.test(stat.state)) alive.push(Number(name));
  }
  return alive;
}
