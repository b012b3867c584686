/** Submodules of asyncio whose public names are also names of the package. */
const flattened: ReadonlySet<string> = new Set([
  "base_events",
  "coroutines",
  "events",
  "exceptions",
  "futures",
  "locks",
  "protocols",
  "queues",
  "runners",
  "streams",
  "taskgroups",
  "tasks",
  "threads",
  "timeouts",
  "transports",
]);

/** Submodules whose names the package does not export. */
const separate: ReadonlySet<string> = new Set([
  "subprocess",
  "base_futures",
  "base_subprocess",
  "base_tasks",
  "constants",
  "format_helpers",
  "graph",
  "log",
  "mixins",
  "proactor_events",
  "selector_events",
  "sslproto",
  "staggered",
  "tools",
  "trsock",
  "unix_events",
  "windows_events",
  "windows_utils",
]);

export function isSubmodule(api: string): boolean {
  return flattened.has(api) || separate.has(api);
}

/** The name that the rules use: `locks.Lock` becomes `Lock`; names of separate submodules keep their module. */
export function canonicalApi(api: string): string {
  const [module, name] = api.split(".", 2) as [string, string?];
  return name !== undefined && flattened.has(module) && !name.startsWith("_") ? name : api;
}
