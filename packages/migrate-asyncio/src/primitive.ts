import type { Change } from "@hother/cancelable-migrate/engine";
import { callOf, rename } from "./call.ts";
import { type HeldObject, type HeldUse, heldObject, isBareAwait } from "./held-object.ts";
import type { Reference } from "./references.ts";
import { type Review, type RuleContext, review, type Verdict } from "./rule.ts";
import { type Arguments, plainArguments } from "./source-file.ts";
import { childOf, type SyntaxNode } from "./tree.ts";

/** How one kind of lock or event of asyncio becomes anyio's. */
export interface Primitive {
  readonly target: string;
  /** Methods that mean the same in both. */
  readonly methods: ReadonlySet<string>;
  /** Methods whose asyncio result is True, anyio's None. */
  readonly resultless: ReadonlySet<string>;
  /** Whether the object may leave the file's sight. */
  readonly mayEscape: boolean;
  /** Whether a local that only `async with` and `locked()` use is safe without `--structural`. */
  readonly safeWhenLocal: boolean;
  /** Edits of the arguments, or why there are none. */
  arguments(call: SyntaxNode, plain: Arguments, context: RuleContext): readonly Change[] | string;
  /** Further edits at a use, or why the use stops the rewrite. */
  use?(use: HeldUse, context: RuleContext): readonly Change[] | string | undefined;
  readonly suggestion: string;
}

/** No arguments but none: `loop=` went away with Python 3.10. */
export function noArguments(_call: SyntaxNode, plain: Arguments): readonly Change[] | string {
  return plain.positional.length + plain.keywords.size === 0
    ? []
    : "it is made with arguments that anyio's does not take";
}

/** The verdict on a constructor, an annotation or a factory of the primitive. */
export function applyPrimitive(primitive: Primitive, reference: Reference, context: RuleContext): Verdict {
  const call = callOf(reference);
  const field = factoryCall(reference, context);
  if (field !== undefined) return applyFactory(primitive, field, reference, context);
  if (call === undefined) return applyType(primitive, reference, context);
  const plain = plainArguments(call, context.file);
  if (plain === undefined) return stop("its arguments are unpacked", primitive);
  const inner = primitive.arguments(call, plain, context);
  if (typeof inner === "string") return stop(inner, primitive);
  const held = heldObject(call, reference, context);
  if (held === undefined && !primitive.mayEscape) return stop("it is handed on where it is made", primitive);
  const outer = held === undefined ? [] : usesOf(primitive, held, context);
  if (typeof outer === "string") return stop(outer, primitive);
  const safe = primitive.safeWhenLocal && held?.reach === "local" && onlyScoped(held);
  const edits = [rename(reference, primitive.target), ...inner, ...outer];
  return { class: safe ? "S" : "R", edits, modules: ["anyio"] };
}

function usesOf(primitive: Primitive, held: HeldObject, context: RuleContext): readonly Change[] | string {
  const edits: Change[] = [];
  if (held.reach === "public" && !primitive.mayEscape) return `\`${held.name}\` may be used by other files`;
  for (const use of held.uses) {
    const special = primitive.use?.(use, context);
    if (typeof special === "string") return special;
    if (special !== undefined) {
      edits.push(...special);
      continue;
    }
    if (use.kind === "escapes") {
      if (isAsyncioArgument(use.node, context))
        return `\`${held.name}\` is given to another object of asyncio`;
      if (!primitive.mayEscape) return `\`${held.name}\` is handed on`;
    } else if (primitive.resultless.has(use.kind)) {
      if (use.call === undefined || !isBareAwait(use.call, context.file))
        return `the result of \`.${use.kind}()\` is used; anyio's is None`;
    } else if (use.kind !== "with" && !primitive.methods.has(use.kind)) {
      return `anyio's has no \`.${use.kind}()\` of the same meaning`;
    }
  }
  return edits;
}

/** `asyncio.Condition(lock)`: asyncio's objects work with asyncio's locks only. */
function isAsyncioArgument(node: SyntaxNode, context: RuleContext): boolean {
  let at = node.parent;
  while (at !== undefined && at.type !== "call" && !at.type.endsWith("statement")) at = at.parent;
  const callee = at?.type === "call" ? childOf(at, "function") : undefined;
  return callee !== undefined && context.references.some((other) => other.node === callee);
}

function onlyScoped(held: HeldObject): boolean {
  return held.uses.every((use) => use.kind === "with" || use.kind === "locked");
}

/** The `field(default_factory=asyncio.Lock)` of a data class. */
function factoryCall(reference: Reference, { file }: RuleContext): SyntaxNode | undefined {
  const keyword = reference.node.parent;
  const name = keyword?.type === "keyword_argument" ? childOf(keyword, "name") : undefined;
  const call = keyword?.parent?.parent;
  if (name === undefined || file.of(name) !== "default_factory" || call?.type !== "call") return undefined;
  return /^(\w+\.)?field$/.test(file.of(childOf(call, "function") ?? call)) ? call : undefined;
}

/** A data class makes one for each object; it is called without arguments. */
function applyFactory(
  primitive: Primitive,
  field: SyntaxNode,
  reference: Reference,
  context: RuleContext,
): Verdict {
  const held = heldObject(field, reference, context);
  if (held === undefined || !primitive.mayEscape || primitive.target === "anyio.Semaphore")
    return stop("it is made by a factory", primitive);
  const outer = usesOf(primitive, held, context);
  if (typeof outer === "string") return stop(outer, primitive);
  return { class: "R", edits: [rename(reference, primitive.target), ...outer], modules: ["anyio"] };
}

/** Annotations follow the constructors of the same file, which must all be rewritten. */
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
      "it is named here without being made, and not all that this file makes can be rewritten",
      primitive,
    );
  }
  if (reference.node.parent?.type === "keyword_argument") return stop("it is made by a factory", primitive);
  return { class: "R", edits: [rename(reference, primitive.target)], modules: ["anyio"] };
}

function stop(reason: string, primitive: Primitive): Review {
  return review(reason, primitive.suggestion);
}
