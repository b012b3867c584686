/*
 * Makes the scope of an Effection task the ambient scope wherever code of this task runs, also after an `await` inside
 * `call`. Effection's scope API reports each new scope. The steps of a task have no public hook, so the scheduler is
 * wrapped when a new task reads it from its scope. The name of the scheduler's context and the methods of a routine are
 * undocumented. `enterScopes` checks them when the backend is imported.
 */
import { type Context, global, type Operation, type Scope } from "effection";
import { api } from "effection/experimental";
import { unsupportedVersion } from "../unsupported-version.ts";
import { effectionBackend } from "./backend.ts";

/** A task as Effection's scheduler sees it. */
interface Routine {
  readonly scope: Scope;
  step(): unknown;
  perform(effect: unknown): void;
}

interface Scheduler {
  schedule(routine: Routine): void;
}

/** The name of the context with the scheduler. */
const scheduler = "@effection/reducer";

/** The routines whose methods are wrapped. */
const wrapped = new WeakSet<Routine>();
let isSupported = false;

function wrap(routine: Routine): void {
  wrapped.add(routine);
  const step = routine.step.bind(routine);
  const perform = routine.perform.bind(routine);
  routine.step = () => effectionBackend.enter(routine.scope, step);
  routine.perform = (effect) => effectionBackend.enter(routine.scope, () => perform(effect));
  isSupported = true;
}

/** Wraps a scheduler, so that the scope of a task is the ambient scope in each step of the task. */
function entering(inner: Scheduler): Scheduler {
  return {
    schedule(routine) {
      if (!wrapped.has(routine)) wrap(routine);
      inner.schedule(routine);
    },
  };
}

function watch(scope: Scope): void {
  // The current ambient scope becomes the parent of the Effection scope.
  effectionBackend.taskOf(scope);
  const expect = scope.expect;
  scope.expect = <T>(context: Context<T>): T => {
    const value = expect(context);
    return (context as { readonly name?: string }).name === scheduler
      ? (entering(value as Scheduler) as T)
      : value;
  };
}

/**
 * Enters every Effection scope that is created from now on.
 *
 * @throws UsageError `ERR_UNKNOWN_BACKEND` if this version of Effection does not use its scheduler as expected.
 */
export function enterScopes(): void {
  global.around(api.Scope, {
    create([parent], next) {
      const created = next(parent);
      watch(created[0]);
      return created;
    },
    *destroy([scope], next): Operation<void> {
      yield* effectionBackend.leave(scope);
      yield* next(scope);
    },
  });
  // A new task is scheduled before `run` returns, also if it does not run yet.
  void global.run(function* check() {});
  if (!isSupported) throw unsupportedVersion("effection", [`scheduler in the context "${scheduler}"`]);
}
