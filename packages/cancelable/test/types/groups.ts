// Types of task groups and tasks.
import { type Task, type TaskGroup, taskGroup } from "@hother/cancelable";
import { expectTypeOf } from "vitest";

export async function results(): Promise<void> {
  // Undefined if `group.cancel()` interrupts the body.
  expectTypeOf(await taskGroup(async () => 1)).toEqualTypeOf<number | undefined>();
  expectTypeOf(await taskGroup(() => {})).toEqualTypeOf<void | undefined>();
}

export async function tasks(group: TaskGroup): Promise<void> {
  const task = group.startSoon(async (path: string, limit: number) => [path, limit] as const, "a", 1);
  expectTypeOf(task).toEqualTypeOf<Task<readonly [string, number]>>();
  expectTypeOf(await task).toEqualTypeOf<readonly [string, number]>();
  expectTypeOf(task.value).toEqualTypeOf<readonly [string, number]>();
  expectTypeOf(task.error).toBeUnknown();
  expectTypeOf(await task.wait()).toEqualTypeOf<void>();
  expectTypeOf(group.startSoon(() => "text")).toEqualTypeOf<Task<string>>();
  if (task.status === "completed") expectTypeOf(task.status).toEqualTypeOf<"completed">();
  // @ts-expect-error: no task has this status
  task.status === "done";
}

export async function started(group: TaskGroup): Promise<void> {
  const port = await group.start<number>(async (started) => {
    expectTypeOf(started).parameters.toEqualTypeOf<[value: number]>();
    started(8080);
  });
  expectTypeOf(port).toEqualTypeOf<number>();
  await group.start<void>((started) => started());
  // @ts-expect-error: the child gives a number
  await group.start<number>((started) => started("8080"));
}

export function refused(group: TaskGroup): void {
  const load = async (path: string, limit?: number): Promise<number> => path.length + (limit ?? 0);
  group.startSoon(load, "path");
  // @ts-expect-error: the path is a string
  group.startSoon(load, 5);
  // @ts-expect-error: the path is missing
  group.startSoon(load);
  // @ts-expect-error: a promise is no child: it has started already
  group.startSoon(load("path"));
  // @ts-expect-error: one argument too many
  group.startSoon(load, "path", 1, 2);
  // @ts-expect-error: failures are "first" or "collect"
  void taskGroup(() => {}, { failures: "all" });
  // @ts-expect-error: the group sets its list of errors itself
  group.errors = [];
}
