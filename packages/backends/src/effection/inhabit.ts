/*
 * Makes the scope of an Effection task the ambient one wherever that task's code runs, also after an `await`
 * inside of `call`. Effection tells of its scopes through the API that it has for that; the step of
 * a task is found where a scope hands out its scheduler. Should a future version hand that out otherwise,
 * library code is found through `fromCancellable` and task groups only, and the tests say so.
 */
import { type Context, global, type Operation, type Scope } from "effection";
import { api } from "effection/experimental";
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

const scheduler = "@effection/reducer";

const inhabited = new WeakSet<Routine>();

function inhabit(routine: Routine): void {
  inhabited.add(routine);
  const step = routine.step.bind(routine);
  const perform = routine.perform.bind(routine);
  routine.step = () => effectionBackend.enter(routine.scope, step);
  routine.perform = (effect) => effectionBackend.enter(routine.scope, () => perform(effect));
}

/** The scheduler of `scope`, which enters the scope of a task for each of its steps. */
function entering(inner: Scheduler): Scheduler {
  return {
    schedule(routine) {
      if (!inhabited.has(routine)) inhabit(routine);
      inner.schedule(routine);
    },
  };
}

function watch(scope: Scope): void {
  // The place in the tree is where the scope is made.
  effectionBackend.taskOf(scope);
  const expect = scope.expect;
  scope.expect = <T>(context: Context<T>): T => {
    const value = expect(context);
    return (context as { readonly name?: string }).name === scheduler
      ? (entering(value as Scheduler) as T)
      : value;
  };
}

/** From now on, for every Effection scope that is made. */
export function inhabitScopes(): void {
  global.around(api.Scope, {
    create([parent], next) {
      const made = next(parent);
      watch(made[0]);
      return made;
    },
    *destroy([scope], next): Operation<void> {
      yield* effectionBackend.leave(scope);
      yield* next(scope);
    },
  });
}
