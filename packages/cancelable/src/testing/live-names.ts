import type { LiveOperation, LiveScope } from "../inspect/index.ts";

const nameOf = ({ id, name }: LiveOperation): string =>
  name === undefined ? `operation ${id}` : `operation "${name}"`;

/** The tasks among the scopes, by name, each with its operation. */
export function taskNames(scopes: readonly LiveScope[]): string[] {
  return scopes
    .filter(({ kind }) => kind === "task")
    .map(
      ({ name, operation }) => `task "${name}"${operation === undefined ? "" : ` in ${nameOf(operation)}`}`,
    );
}

/** The operations, and the tasks and plain scopes: each group with its number and the names. */
export function scopeNames(scopes: readonly LiveScope[]): string[] {
  const operations: string[] = [];
  const others: string[] = [];
  for (const { kind, name, operation } of scopes) {
    if (kind === "operation") {
      const own = operation as LiveOperation; // always set for this kind
      operations.push(`${nameOf(own)} (${own.status})`);
    } else others.push(kind === "task" ? `task "${name}"` : "a scope");
  }
  const found: string[] = [];
  if (operations.length > 0) found.push(`operations: ${operations.length}, ${operations.join(", ")}`);
  if (others.length > 0) found.push(`tasks and scopes: ${others.length}, ${others.join(", ")}`);
  return found;
}
