import type { Change } from "@hother/cancelable-migrate/engine";
import { callOf, inAsyncFunction } from "../call.ts";
import { type HeldUse, heldObject } from "../held-object.ts";
import type { Reference } from "../references.ts";
import { type AsyncioRule, type RuleContext, review, type Verdict } from "../rule.ts";
import { plainArguments } from "../source-file.ts";
import { childOf, type SyntaxNode } from "../tree.ts";

export const queueRule: AsyncioRule = {
  name: "queue",
  api: "asyncio.Queue",
  apis: ["Queue"],
  class: "R",
  summary: "a local variable that only `put`, `get` and their `_nowait` forms use becomes two stream ends",
  target: "anyio.create_memory_object_stream(size)",
  change: "`receive()` lets other tasks run first; `get()` of asyncio does not if the queue has an item.",
  apply: applyQueue,
};

const advice =
  "Use `send, receive = anyio.create_memory_object_stream(math.inf)`. asyncio's default is unbounded, anyio's is 0.";

/** For each method: the stream end that has it, and its name there. */
const methods: ReadonlyMap<string, readonly [end: "send" | "receive", name: string]> = new Map([
  ["put", ["send", "send"]],
  ["put_nowait", ["send", "send_nowait"]],
  ["get", ["receive", "receive"]],
  ["get_nowait", ["receive", "receive_nowait"]],
]);

function applyQueue(reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  if (call === undefined)
    return review(
      "The class is named, not called.",
      "Use `anyio.abc.ObjectSendStream` and `ObjectReceiveStream`.",
    );
  const held = heldObject(call, reference, context);
  if (held === undefined || held.reach !== "local" || !inAsyncFunction(reference, context.file)) {
    return review("The queue is not a local variable of one `async def`.", advice);
  }
  const problem = held.uses.find((use) => !isStreamLike(use, reference));
  if (problem !== undefined)
    return review(`\`.${problem.kind}\` of the queue has no counterpart on one stream.`, advice);
  if (context.references.some(({ api }) => /^Queue(Empty|Full|ShutDown)$/.test(api))) {
    return review("The file catches errors of queues.", "Catch `anyio.WouldBlock` for empty and full.");
  }
  const size = sizeOf(call, context);
  const target = childOf(held.assignment, "left");
  if (size === undefined || target === undefined || childOf(held.assignment, "type") !== undefined) {
    return review("Its size is not a number literal.", advice);
  }
  const ends = {
    send: context.freeName(`send_${held.name}`, call),
    receive: context.freeName(`receive_${held.name}`, call),
  };
  const edits: Change[] = [
    { start: target.start, end: target.end, text: `${ends.send}, ${ends.receive}` },
    { start: call.start, end: call.end, text: `anyio.create_memory_object_stream(${size})` },
  ];
  for (const use of held.uses) {
    const [end, name] = methods.get(use.kind) ?? ["send", use.kind];
    const member = use.node.parent as SyntaxNode;
    edits.push({ start: member.start, end: member.end, text: `${ends[end]}.${name}` });
  }
  return { class: "R", edits, modules: size === "math.inf" ? ["anyio", "math"] : ["anyio"] };
}

/** Whether a use is the call of a known method in the function that creates the queue. */
function isStreamLike(use: HeldUse, reference: Reference): boolean {
  if (use.call === undefined || !methods.has(use.kind)) return false;
  const direct = use.call.parent?.type === "await";
  return reference.scope.kind === "function" && direct !== use.kind.endsWith("_nowait");
}

function sizeOf(call: SyntaxNode, { file }: RuleContext): string | undefined {
  const plain = plainArguments(call, file);
  const size = plain?.positional[0] ?? plain?.keywords.get("maxsize");
  const count = (plain?.positional.length ?? 9) + (plain?.keywords.size ?? 0);
  if (count === 0) return "math.inf";
  if (count > 1 || size?.type !== "integer") return undefined;
  return file.of(size) === "0" ? "math.inf" : file.of(size);
}
