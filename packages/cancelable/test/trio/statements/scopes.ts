import {
  Cancellable,
  CancellationError,
  CancelScope,
  currentDeadline,
  failAfter,
  moveOnAfter,
  shield,
} from "../../../src/index.ts";
import { nameOf, tooSlow } from "../errors.ts";
import type { StatementOf } from "../program.ts";
import type { Handlers, TaskContext, World } from "../world.ts";

type AnyScope = CancelScope | Cancellable;
type Entry = StatementOf<"scope"> | StatementOf<"enter">;
type ScopeBody = (scope: AnyScope) => Promise<void>;

export const scopeStatements: Handlers<"scope" | "enter" | "cancel" | "deadline" | "shieldset" | "stat"> = {
  scope: enterScope,
  enter: enterScope,
  cancel: (world, statement, task) => {
    const scope = world.scopes.get(statement.name);
    scope?.cancel();
    world.log(task, statement, scope === undefined ? "none" : "ok");
  },
  deadline: (world, statement, task) => {
    const scope = world.scopes.get(statement.name);
    if (!(scope instanceof CancelScope)) return world.log(task, statement, "none");
    world.call(task, statement, () => {
      scope.deadline =
        statement.d === null ? Number.POSITIVE_INFINITY : world.host.backend.now() + statement.d;
    });
  },
  shieldset: (world, statement, task) => {
    const scope = world.scopes.get(statement.name);
    if (scope instanceof CancelScope && !world.ending) scope.shield = statement.on;
    world.log(task, statement, scope === undefined ? "none" : "ok");
  },
  stat: (world, statement, task) => {
    const scope = world.scopes.get(statement.name);
    if (!(scope instanceof CancelScope)) return world.log(task, statement, "none");
    // An outer cancellation sets `cancelCalled` of a group in trio, and not here.
    const isGroup = world.groups.get(statement.name)?.scope === scope;
    world.log(task, statement, isGroup && world.evensOut ? "group" : String(Number(scope.cancelCalled)));
  },
};

async function enterScope(world: World, statement: Entry, task: TaskContext): Promise<void> {
  let scope: AnyScope | undefined;
  let failure: { readonly error: unknown } | undefined;
  const register = (created: AnyScope): void => {
    scope = created;
    if (statement.op === "enter") return;
    world.register(world.keyOf(task, statement), statement.name, statement.kind, created);
  };
  try {
    await runScope(world, statement, register, async (entered) => {
      // trio looks at the clock when a scope is entered; reading the flag does so here.
      if (world.evensOut && entered instanceof CancelScope) void entered.cancelCalled;
      world.log(task, statement, "{");
      await world.run(statement.body, task);
    });
  } catch (error) {
    if (scope === undefined) {
      world.log(task, statement, `!${nameOf(error)}`);
      throw error;
    }
    failure = { error: outcome(world, statement, scope, error) };
  }
  const end = failure === undefined ? "}" : `}!${nameOf(failure.error)}`;
  const flags =
    scope instanceof CancelScope ? ` ${Number(scope.cancelCalled)}${Number(scope.cancelledCaught)}` : "";
  world.log(task, statement, end + flags);
  if (failure !== undefined) throw failure.error;
}

function runScope(
  world: World,
  statement: Entry,
  register: (scope: AnyScope) => void,
  run: ScopeBody,
): Promise<unknown> {
  const body: ScopeBody = (scope) => {
    register(scope);
    return run(scope);
  };
  // The statement names only scopes that exist since the start of the program.
  if (statement.op === "enter") return (world.scopes.get(statement.name) as CancelScope).run(body);
  const { t, kind } = statement;
  const options = { shield: world.isShielded(statement) };
  switch (kind) {
    case "plain":
      return world.createScope(statement).run(body);
    case "moa":
      return moveOnAfter(t ?? null, body, options);
    case "fail":
      return failAfter(t ?? null, body, options);
    case "shield":
      if (world.ending) return failAfter(t ?? null, body);
      return shield(body, t === undefined || t === null ? {} : { timeout: t });
    case "op": {
      const operation = t === undefined || t === null ? new Cancellable() : Cancellable.withTimeout(t);
      // Already here: an operation that is cancelled before it starts never runs its body.
      register(operation);
      return operation.run(run);
    }
  }
}

/** The error that leaves a scope: a `TooSlow` for the scope's own limit, as trio's `fail_after` has it. */
function outcome(world: World, statement: Entry, scope: AnyScope, error: unknown): unknown {
  if (!(error instanceof CancellationError) || error !== scope.error) return error;
  const failed =
    scope instanceof Cancellable
      ? // Cancelled from further out as well: the outer scope absorbs the error of the operation.
        error.reason !== "parent" && currentDeadline() !== Number.NEGATIVE_INFINITY
      : statement.op === "scope" &&
        (statement.kind === "fail" || statement.kind === "shield") &&
        scope.cancelledCaught;
  return failed ? tooSlow(error, world.program.keep === true) : error;
}
