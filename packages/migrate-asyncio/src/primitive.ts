import type { Change } from "@hother/cancelable-migrate/engine";
import { callOf, rename } from "./call.ts";
import { type HeldObject, type HeldUse, heldObject, isBareAwait } from "./held-object.ts";
import { ownerProblem } from "./lock-owner.ts";
import type { Reference } from "./references.ts";
import { type Review, type RuleContext, review, type Verdict } from "./rule.ts";
import { type Arguments, plainArguments } from "./source-file.ts";
import { childOf, type SyntaxNode } from "./tree.ts";

/** Describes how one kind of lock or event of asyncio is rewritten to anyio's. */
export interface Primitive {
  readonly target: string;
  /** Methods with the same meaning in both. */
  readonly methods: ReadonlySet<string>;
  /** Methods that return True in asyncio and None in anyio. */
  readonly resultless: ReadonlySet<string>;
  /** Whether other files may use the object through its name. */
  readonly mayBePublic: boolean;
  /** Whether the object may be passed to other code. */
  readonly mayEscape: boolean;
  /** Whether the object belongs to the task that acquired it. */
  readonly isOwned: boolean;
  /** Whether a local that only `async with` and `locked()` use is safe without `--structural`. */
  readonly safeWhenLocal: boolean;
  /** The edits of the arguments, or the reason why they cannot be rewritten. */
  arguments(call: SyntaxNode, plain: Arguments, context: RuleContext): readonly Change[] | string;
  /** Further edits at a use, or the reason why the use prevents the rewrite. */
  use?(use: HeldUse, context: RuleContext): readonly Change[] | string | undefined;
  /** The change in behaviour, for the report. */
  change(context: RuleContext): string;
  readonly suggestion: string;
}

/** Whether anyio can acquire a free lock without letting other tasks run first, as asyncio does. */
export function hasFastAcquire(context: RuleContext): boolean {
  return context.anyioHas("4.5");
}

/** The part of a change about turns of the event loop. */
export function turnChange(context: RuleContext): string {
  return hasFastAcquire(context)
    ? ""
    : " An `acquire()` of a free one lets other tasks run first; from anyio 4.5 on, `fast_acquire=True` avoids that: pass --anyio-min 4.5.";
}

/** For a constructor without arguments; `loop=` was removed in Python 3.10. */
export function noArguments(_call: SyntaxNode, plain: Arguments): readonly Change[] | string {
  return plain.positional.length + plain.keywords.size === 0
    ? []
    : "It is created with arguments that anyio's class does not take.";
}

/** The verdict on a constructor, an annotation or a factory of the primitive. */
export function applyPrimitive(primitive: Primitive, reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  const field = factoryCall(reference, context);
  if (field !== undefined) return applyFactory(primitive, field, reference, context);
  if (call === undefined) return applyType(primitive, reference, context);
  const plain = plainArguments(call, context.file);
  if (plain === undefined) return stop("Its arguments are unpacked.", primitive);
  const inner = primitive.arguments(call, plain, context);
  if (typeof inner === "string") return stop(inner, primitive);
  const held = heldObject(call, reference, context);
  if (held === undefined && !primitive.mayEscape)
    return stop("It is passed on where it is created.", primitive);
  const outer = held === undefined ? [] : usesOf(primitive, held, context);
  if (typeof outer === "string") return stop(outer, primitive);
  const safe =
    primitive.safeWhenLocal && held?.reach === "local" && onlyScoped(held) && hasFastAcquire(context);
  const edits = [rename(reference, primitive.target), ...inner, ...outer];
  const reason = safe ? "Only `async with` uses the lock, in one function." : primitive.change(context);
  return { class: safe ? "S" : "R", edits, modules: ["anyio"], reason };
}

function usesOf(primitive: Primitive, held: HeldObject, context: RuleContext): readonly Change[] | string {
  const edits: Change[] = [];
  const owner = primitive.isOwned ? ownerProblem(held) : undefined;
  if (owner !== undefined) return owner;
  if (held.reach === "public" && !primitive.mayBePublic) return `Other files may use \`${held.name}\`.`;
  for (const use of held.uses) {
    const special = primitive.use?.(use, context);
    if (typeof special === "string") return special;
    if (special !== undefined) {
      edits.push(...special);
      continue;
    }
    if (use.kind === "escapes") {
      if (isAsyncioArgument(use.node, context))
        return `\`${held.name}\` is passed to another object of asyncio.`;
      if (!primitive.mayEscape) return `\`${held.name}\` is passed on.`;
    } else if (primitive.resultless.has(use.kind)) {
      if (use.call === undefined || !isBareAwait(use.call, context.file))
        return `The result of \`.${use.kind}()\` is used; in anyio it is None.`;
    } else if (use.kind !== "with" && !primitive.methods.has(use.kind)) {
      return `anyio has no \`.${use.kind}()\` with the same meaning.`;
    }
  }
  return edits;
}

/** Whether a node is an argument of asyncio, as in `asyncio.Condition(lock)`, which takes only asyncio's locks. */
function isAsyncioArgument(node: SyntaxNode, context: RuleContext): boolean {
  let at = node.parent;
  while (at !== undefined && at.type !== "call" && !at.type.endsWith("statement")) at = at.parent;
  const callee = at?.type === "call" ? childOf(at, "function") : undefined;
  return callee !== undefined && context.references.some((other) => other.node === callee);
}

function onlyScoped(held: HeldObject): boolean {
  return held.uses.every((use) => use.kind === "with" || use.kind === "locked");
}

/** The call `field(default_factory=asyncio.Lock)` of a data class. */
function factoryCall(reference: Reference, { file }: RuleContext): SyntaxNode | undefined {
  const keyword = reference.node.parent;
  const name = keyword?.type === "keyword_argument" ? childOf(keyword, "name") : undefined;
  const call = keyword?.parent?.parent;
  if (name === undefined || file.of(name) !== "default_factory" || call?.type !== "call") return undefined;
  return /^(\w+\.)?field$/.test(file.of(childOf(call, "function") ?? call)) ? call : undefined;
}

/** The verdict on a factory: a data class calls it without arguments, once per object. */
function applyFactory(
  primitive: Primitive,
  field: SyntaxNode,
  reference: Reference,
  context: RuleContext,
): Verdict {
  const held = heldObject(field, reference, context);
  if (held === undefined || !primitive.mayBePublic || primitive.target === "anyio.Semaphore")
    return stop("A factory creates it.", primitive);
  const outer = usesOf(primitive, held, context);
  if (typeof outer === "string") return stop(outer, primitive);
  // The factory is called without arguments.
  const target = hasFastAcquire(context)
    ? `lambda: ${primitive.target}(fast_acquire=True)`
    : primitive.target;
  const reason = primitive.change(context);
  return { class: "R", edits: [rename(reference, target), ...outer], modules: ["anyio"], reason };
}

/** The verdict on an annotation: rewritten if all constructors of the same file are rewritten. */
function applyType(primitive: Primitive, reference: Reference, context: RuleContext): Verdict {
  const made = context.references.filter(
    (other) =>
      other.api === reference.api &&
      (callOf(other) !== undefined || factoryCall(other, context) !== undefined),
  );
  const verdicts = made.map((other) => context.verdictOn(other));
  if (verdicts.some((verdict) => verdict === undefined)) return { class: "later" };
  if (made.length === 0 || !verdicts.every((verdict) => verdict !== undefined && "edits" in verdict)) {
    return stop(
      "The class is named here, and not every object of it in this file can be rewritten.",
      primitive,
    );
  }
  if (reference.node.parent?.type === "keyword_argument") return stop("A factory creates it.", primitive);
  const reason = "The annotation names the class of the objects that this file creates.";
  return { class: "R", edits: [rename(reference, primitive.target)], modules: ["anyio"], reason };
}

function stop(reason: string, primitive: Primitive): Review {
  return review(reason, primitive.suggestion);
}
