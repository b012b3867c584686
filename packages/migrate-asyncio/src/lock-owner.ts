import type { HeldObject } from "./held-object.ts";
import { functionAround } from "./source-file.ts";
import { childOf, containsHere, type SyntaxNode } from "./tree.ts";

/*
 * A lock of anyio belongs to the task that acquired it: only that task may release it, notify under it, or wait for a
 * condition with it. In asyncio any task may. One call of a function runs in one task, unless the function is a
 * generator: another task may resume or close a generator.
 */

const yields: ReadonlySet<string> = new Set(["yield"]);

/** Methods that only the owner may call. */
const owners: ReadonlySet<string> = new Set(["release", "notify", "notify_all", "wait", "wait_for"]);

/** The reason why other tasks may use a lock than the task that acquired it; undefined if no use shows that. */
export function ownerProblem({ name, uses }: HeldObject): string | undefined {
  const functions = new Map<SyntaxNode | undefined, Set<string>>();
  for (const { node, kind } of uses) {
    const around = functionAround(node);
    const held = kind === "with" ? bodyOf(node) : around;
    if ((kind === "with" || kind === "acquire") && held !== undefined && containsHere(held, yields))
      return `\`${name}\` is held across a \`yield\`, and another task may resume the generator; in anyio, only the task that acquired it may release it.`;
    const kinds = functions.get(around) ?? new Set();
    functions.set(around, kinds.add(kind));
  }
  for (const kinds of functions.values()) {
    const isAcquired = kinds.has("acquire") || kinds.has("with");
    const isOwned = [...owners].some((method) => kinds.has(method));
    if ((isOwned && !isAcquired) || kinds.has("acquire") !== kinds.has("release"))
      return `\`${name}\` is acquired and released in different functions; in anyio, only the task that acquired it may release it.`;
  }
  return undefined;
}

/** The body of the `with` whose item a node is. */
function bodyOf(node: SyntaxNode): SyntaxNode | undefined {
  let at: SyntaxNode | undefined = node;
  while (at !== undefined && at.type !== "with_statement") at = at.parent;
  return at && childOf(at, "body");
}
