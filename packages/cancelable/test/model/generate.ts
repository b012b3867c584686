import fc from "fast-check";
import {
  type Body,
  type Program,
  print,
  type Reason,
  type ScopeForm,
  type Step,
  type StepOf,
} from "./program.ts";
import { countTimed, mayWait, type Raw } from "./raw.ts";

export interface Language {
  /** Allows blocking code, turns of the event loop and deadlines that have passed, which are exact in virtual time only. */
  readonly exact: boolean;
}

/** Further timed steps are left out, so that the times stay below 2^31. */
const mostTimed = 16;
const longest = 2 ** 9;
const permits = [1, 2];
const capacities = [0, 1, 2];
const locks = 2;

export function programs({ exact }: Language): fc.Arbitrary<Program> {
  const span = exact
    ? fc.oneof(
        { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 9 },
        { arbitrary: fc.constant(0), weight: 1 },
      )
    : fc.integer({ min: 1, max: 40 });
  const someSpan = fc.option(span, { nil: undefined });
  const up = fc.nat(5);
  const { root } = fc.letrec<{
    step: Raw;
    body: readonly Raw[];
    leaf: Raw;
    children: Array<readonly Raw[]>;
    root: Raw;
  }>((tie) => ({
    leaf: fc.oneof(
      { arbitrary: fc.record({ kind: fc.constant("sleep" as const), r: span }), weight: 10 },
      { arbitrary: fc.constant<Raw>({ kind: "throw" }), weight: 1 },
      { arbitrary: fc.constant<Raw>({ kind: "checkpoint" }), weight: 1 },
      {
        arbitrary: fc.record({
          kind: fc.constant("cancel" as const),
          up,
          reason: fc.constantFrom<Reason>("manual", "shutdown", "timeout", "condition"),
        }),
        weight: 2,
      },
      {
        arbitrary: fc.record({ kind: fc.constantFrom("cancelTask" as const, "join" as const), up }),
        weight: 3,
      },
      {
        arbitrary: fc.record({ kind: fc.constantFrom("put" as const, "get" as const), index: fc.nat(2) }),
        weight: 4,
      },
      { arbitrary: fc.record({ kind: fc.constant("shielding" as const), up, on: fc.boolean() }), weight: 2 },
      { arbitrary: fc.record({ kind: fc.constant("deadline" as const), up, r: span }), weight: 1 },
      ...(exact
        ? [
            {
              arbitrary: fc.record({
                kind: fc.constant("block" as const),
                r: fc.integer({ min: 1, max: 40 }),
              }),
              weight: 1,
            },
          ]
        : []),
    ),
    step: fc.oneof(
      { maxDepth: 4, depthIdentifier: "step" },
      { arbitrary: tie("leaf"), weight: 8 },
      {
        arbitrary: fc.record({
          kind: fc.constant("scope" as const),
          form: fc.constantFrom<ScopeForm>("CancelScope", "moveOnAfter", "failAfter", "shield"),
          r: someSpan,
          shield: fc.boolean(),
          spare: fc.integer({ min: 1, max: 60 }),
          body: tie("body"),
        }),
        weight: 4,
      },
      {
        arbitrary: fc.record({ kind: fc.constant("operation" as const), r: someSpan, body: tie("body") }),
        weight: 2,
      },
      { arbitrary: tie("root"), weight: 2 },
      {
        arbitrary: fc.record({
          kind: fc.constantFrom("race" as const, "any" as const, "all" as const),
          children: tie("children"),
        }),
        weight: 1,
      },
      {
        arbitrary: fc.record({
          kind: fc.constant("start" as const),
          before: tie("body"),
          after: tie("body"),
        }),
        weight: 2,
      },
      {
        arbitrary: fc.record({
          kind: fc.constant("finally" as const),
          body: tie("body"),
          cleanUp: tie("body"),
        }),
        weight: 3,
      },
      { arbitrary: fc.record({ kind: fc.constant("catch" as const), body: tie("body") }), weight: 2 },
      {
        arbitrary: fc.record({
          kind: fc.constantFrom("lock" as const, "semaphore" as const),
          index: fc.nat(1),
          body: tie("body"),
        }),
        weight: 4,
      },
    ),
    body: fc.array(tie("step"), { minLength: 1, maxLength: 3, depthIdentifier: "step" }),
    children: fc.array(tie("body"), { minLength: 1, maxLength: 3, depthIdentifier: "step" }),
    root: fc.record({
      kind: fc.constant("group" as const),
      collect: fc.boolean(),
      children: tie("children"),
      body: fc.array(tie("step"), { maxLength: 2, depthIdentifier: "step" }),
    }),
  }));
  return root.map((raw) => finish(raw));
}

type Targets = ReadonlyArray<{ readonly id: number; readonly movable: boolean }>;

/** The surroundings of a step. */
interface Around {
  readonly lane: number;
  readonly targets: Targets;
  /** The nearest group with children, and the index of the child that the step is in. */
  readonly group:
    | {
        readonly id: number;
        readonly size: number;
        readonly own: number | undefined;
        readonly targets: Targets;
      }
    | undefined;
}

/** Gives every step its number, its time and its target, and leaves out waits that could last forever. */
function finish(raw: Raw): Program {
  const timed = Math.min(mostTimed, countTimed(raw) + 1);
  let next = 0;
  let used = 0;
  const time = (r: number | undefined): number | undefined => {
    if (r === undefined || r === 0) return r;
    return used < timed ? r * 2 ** timed + 2 ** used++ : undefined;
  };
  const all = (body: readonly Raw[], around: Around): Body => body.map((step) => one(step, around));
  const below = (around: Around, id: number, movable: boolean): Around => ({
    ...around,
    targets: [{ id, movable }, ...around.targets],
  });
  const child = (around: Around, lane: number, group: Around["group"]): Around => ({
    ...around,
    lane,
    group,
  });
  const one = (step: Raw, around: Around): Step => {
    const id = next++;
    const { lane, targets, group } = around;
    const nothing: Step = { id, lane, kind: "checkpoint" };
    switch (step.kind) {
      case "sleep":
      case "block": {
        const ms = time(step.r);
        return ms === undefined ? nothing : { id, lane, kind: step.kind, ms };
      }
      case "scope": {
        const shield = step.shield || step.form === "shield";
        // Nothing else would end a wait inside.
        const span = time(step.r ?? (shield && mayWait(step.body) ? step.spare : undefined));
        const safe = span !== undefined || !mayWait(step.body);
        const form = step.form === "shield" && !safe ? "CancelScope" : step.form;
        // A shield may be switched on later only if no wait inside could last forever.
        const movable = safe;
        const body = all(step.body, below(around, id, movable));
        return { id, lane, kind: "scope", form, span, shield: shield && safe, body };
      }
      case "operation":
        return {
          id,
          lane,
          kind: "operation",
          span: time(step.r),
          body: all(step.body, below(around, id, false)),
        };
      case "group": {
        const inside = below(around, id, false);
        const lanes = step.children.map(() => next++);
        const size = lanes.length;
        const children = step.children.map((body, own) =>
          all(body, child(inside, lanes[own] as number, { id, size, own, targets: inside.targets })),
        );
        const group = { id, size, own: undefined, targets: inside.targets };
        const body = all(step.body, { ...inside, group });
        return { id, lane, kind: "group", collect: step.collect, lanes, children, body };
      }
      case "race":
      case "any":
      case "all": {
        const lanes = step.children.map(() => next++);
        const children = step.children.map((body, i) => all(body, { ...around, lane: lanes[i] as number }));
        return { id, lane, kind: step.kind, lanes, children };
      }
      case "cancel": {
        const target = targets[step.up % targets.length];
        return target === undefined
          ? nothing
          : { id, lane, kind: "cancel", target: target.id, reason: step.reason };
      }
      case "start": {
        if (group === undefined) return nothing;
        const lanes = [next++] as const;
        const inside = { ...around, lane: lanes[0] };
        const before = all(step.before, inside);
        // From here on the child is below the group, and the scopes in between may have ended.
        const after = all(step.after, { ...inside, targets: group.targets });
        return { id, lane, kind: "start", group: group.id, lanes, before, after };
      }
      case "cancelTask":
      case "join": {
        if (group === undefined) return nothing;
        let index = step.up % group.size;
        if (step.kind === "join" && index === group.own) index = (index + 1) % group.size;
        if (step.kind === "join" && index === group.own) return nothing;
        return { id, lane, kind: step.kind, group: group.id, index };
      }
      case "shielding":
      case "deadline": {
        const movable = targets.filter((target) => target.movable);
        const target = movable[step.up % movable.length];
        if (target === undefined) return nothing;
        if (step.kind === "shielding") return { id, lane, kind: "shielding", target: target.id, on: step.on };
        const ms = time(step.r);
        return ms === undefined ? nothing : { id, lane, kind: "deadline", target: target.id, ms };
      }
      case "finally":
        return {
          id,
          lane,
          kind: "finally",
          body: all(step.body, around),
          cleanUp: all(step.cleanUp, around),
        };
      case "catch":
        return { id, lane, kind: "catch", body: all(step.body, around) };
      case "lock":
      case "semaphore":
        return { id, lane, kind: step.kind, index: step.index, body: all(step.body, around) };
      default:
        return { ...step, id, lane };
    }
  };
  const id = next++;
  const span = longest * 2 ** timed + 2 ** used++;
  const body = [one(raw, { lane: 0, targets: [{ id, movable: false }], group: undefined })];
  const root: StepOf<"scope"> = {
    id,
    lane: 0,
    kind: "scope",
    form: "CancelScope",
    span,
    shield: false,
    body,
  };
  const program: Program = { root, permits, capacities, locks };
  return Object.defineProperty(program, fc.toStringMethod, { value: () => `\n${print(program)}\n` });
}
