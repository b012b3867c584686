import { test } from "vitest";
import type { Host } from "./host.ts";

/** Defines a test, unless the host differs. */
export function row(host: Host, title: string, body: () => Promise<void>): void {
  const difference = Object.entries(host.except ?? {}).find(([part]) => title.includes(part));
  if (difference === undefined) test(title, body);
  else test.skip(`${title} [${difference[1]}]`, body);
}
