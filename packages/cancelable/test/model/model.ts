import {
  asFailure,
  type Code,
  describe,
  Engine,
  type Failure,
  type Ready,
  tick,
  type Value,
} from "./engine.ts";
import { type Child, type Group, Groups, type Here } from "./groups.ts";
import type { Body, Event, Program, Step, StepOf, Trace } from "./program.ts";
import { Line, Mutex, Store } from "./resources.ts";
import { cancelled, Place, Waiter, without } from "./tree.ts";

/**
 * Predicts the trace of a program. Where several tasks can go on at the same moment, `choose` selects one of them,
 * because the rules of the library leave the order open.
 */
export function predict(
  program: Program,
  choose: (ready: readonly Ready[]) => number,
  observe: (event: Event) => void = () => {},
): Trace {
  const events: Event[] = [];
  const reported: string[] = [];
  const engine = new Engine(choose);
  const root = new Place(engine, undefined);
  const locks = Array.from({ length: program.locks }, () => new Mutex());
  const semaphores = program.permits.map((permits) => new Line(permits));
  const queues = program.capacities.map((capacity) => new Store(capacity));
  const places = new Map<number, Place>();
  const opened = new Map<number, Group>();

  const record = (step: Step, what: string): void => {
    const event = { at: engine.time, id: step.id, lane: step.lane, what };
    events.push(event);
    observe(event);
  };
  const report = (failure: Failure): void => void reported.push(describe(failure));
  const groups = new Groups(engine, report);
  const part = (body: Body) => (here: Here) => sequence(body, here);

  function* sequence(body: Body, here: Here): Code {
    let value: Value;
    for (const step of body) {
      value = yield* one(step, here);
      yield* tick();
    }
    return value;
  }

  function* one(step: Step, here: Here): Code {
    record(step, "start");
    try {
      const value = yield* act(step, here);
      yield* tick();
      record(step, `ok ${value}`);
      return value;
    } catch (error) {
      const failure = asFailure(error);
      yield* tick();
      record(step, `err ${describe(failure)}`);
      yield* tick();
      throw failure;
    }
  }

  /** Rule 8. */
  const check = (place: Place): void => {
    const reached = place.pending();
    if (reached !== undefined) throw reached;
  };

  /** Waits in a place until the waiter is continued or the place is cancelled. */
  function* wait(place: Place, begin: (waiter: Waiter) => void): Code {
    return yield (resume) => begin(new Waiter(place, resume));
  }

  function* sleep(place: Place, ms: number): Code {
    const at = engine.time + ms;
    return yield* wait(place, (waiter) =>
      engine.setTimer({ at, turn: ms === 0, fire: () => waiter.ok(), dead: () => waiter.done }),
    );
  }

  function* act(step: Step, here: Here): Code {
    const { place } = here;
    switch (step.kind) {
      case "sleep":
        check(place);
        yield* sleep(place, step.ms);
        return `s${step.id}`;
      case "block":
        check(place);
        yield* sleep(place, 0);
        engine.time += step.ms;
        return `b${step.id}`;
      case "checkpoint":
        check(place);
        yield* wait(place, (waiter) => engine.soon(undefined, () => waiter.ok()));
        return "passed";
      case "throw":
        throw { kind: "thrown", text: `E${step.id}` } satisfies Failure;
      case "scope":
        return yield* scope(step, here);
      case "operation":
        return yield* operation(step, here);
      case "group":
        return yield* groups.run(
          here,
          step.lanes,
          step.children.map(part),
          step.collect,
          part(step.body),
          (group) => {
            places.set(step.id, group.place);
            opened.set(step.id, group);
          },
        );
      case "race":
      case "any":
        check(place); // the verbs start no task in a cancelled scope
        return yield* groups.contest(here, step.lanes, step.children.map(part), step.kind);
      case "all": {
        check(place);
        const values: Value[] = [];
        const placed = (body: Body, i: number) =>
          function* (inner: Here): Code {
            values[i] = yield* sequence(body, inner);
            return undefined;
          };
        yield* groups.run(here, step.lanes, step.children.map(placed), false);
        return values.join();
      }
      case "start": {
        const group = opened.get(step.group) as Group;
        const value = `v${step.id}`;
        return yield* groups.start(here, group, step.lanes[0], part(step.before), part(step.after), value);
      }
      case "cancel":
        return String((places.get(step.target) as Place).cancel(cancelled(step.reason, `by #${step.id}`)));
      case "cancelTask": {
        const child = opened.get(step.group)?.children[step.index] as Child;
        return String(child.end === undefined && child.place.cancel(cancelled("manual", `by #${step.id}`)));
      }
      case "join": {
        const child = opened.get(step.group)?.children[step.index] as Child;
        yield* tick();
        check(place);
        yield* wait(place, (waiter) => {
          if (child.end === undefined) child.waiting.push(waiter);
          else engine.soon(undefined, () => waiter.ok());
        });
        const { end } = child;
        if (end !== undefined && "value" in end) return end.value;
        throw { kind: end?.kind as "failed", cause: end?.failure as Failure } satisfies Failure;
      }
      case "shielding":
        places.get(step.target)?.setShield(step.on);
        return "set";
      case "deadline":
        places.get(step.target)?.moveDeadline(engine.time + step.ms);
        return "set";
      case "finally": {
        let value: Value;
        try {
          value = yield* sequence(step.body, here);
        } catch (error) {
          const failure = asFailure(error);
          yield* sequence(step.cleanUp, here);
          throw failure;
        }
        yield* sequence(step.cleanUp, here);
        return value;
      }
      case "catch":
        try {
          return yield* sequence(step.body, here);
        } catch (error) {
          return `caught ${describe(asFailure(error))}`;
        }
      case "lock": {
        const lock = locks[step.index] as Mutex;
        check(place);
        yield* lock.taken() ?? wait(place, (waiter) => lock.join(waiter));
        return yield* holding(step.body, here, () => lock.release());
      }
      case "semaphore": {
        const permits = semaphores[step.index] as Line;
        check(place);
        yield* permits.taken() ?? wait(place, (waiter) => permits.join(waiter));
        return yield* holding(step.body, here, () => permits.release());
      }
      case "put": {
        const queue = queues[step.index] as Store;
        check(place);
        if (!queue.put(`i${step.id}`)) yield* wait(place, (waiter) => queue.waitToPut(waiter, `i${step.id}`));
        return "put";
      }
      case "get": {
        const queue = queues[step.index] as Store;
        check(place);
        return queue.get() ?? (yield* wait(place, (waiter) => queue.waitToGet(waiter)));
      }
    }
  }

  function* holding(body: Body, here: Here, release: () => void): Code {
    try {
      yield* tick();
      return yield* sequence(body, here);
    } finally {
      release();
    }
  }

  /** Rules 5, 9 and 12: the outermost cancelled scope absorbs. */
  function* scope(step: StepOf<"scope">, here: Here): Code {
    const inner = new Place(engine, here.place, { shield: step.shield, span: step.span });
    places.set(step.id, inner);
    // A scope without time is cancelled when it is entered (trio).
    if (step.span !== undefined && step.span <= 0) inner.expire();
    let value: Value;
    try {
      value = yield* sequence(step.body, { ...here, place: inner });
    } catch (error) {
      const failure = asFailure(error);
      yield* tick();
      inner.close();
      const { own } = inner;
      if (own === undefined) throw failure;
      const left = without(failure, own);
      if (left !== undefined) throw left;
      const above = inner.shielded ? undefined : here.place.pending();
      if (above !== undefined) throw above;
      if (step.form === "failAfter" || step.form === "shield") throw own;
      return undefined;
    }
    yield* tick();
    inner.close();
    return value;
  }

  /** Rules 1 to 3. */
  function* operation(step: StepOf<"operation">, here: Here): Code {
    const inner = new Place(engine, here.place, { span: step.span, isOperation: true });
    places.set(step.id, inner);
    try {
      check(inner);
      const value = yield* sequence(step.body, { ...here, place: inner });
      yield* tick();
      return value;
    } catch (error) {
      const failure = asFailure(error);
      yield* tick();
      const left = inner.own === undefined ? failure : without(failure, inner.own);
      throw left ?? inner.own;
    } finally {
      inner.close();
    }
  }

  const main = one(program.root, { place: new Place(engine, root), task: undefined });
  engine.launch(0, main, () => {});
  engine.run();
  return { events, reported };
}
