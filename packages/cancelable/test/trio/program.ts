/*
 * A small language of concurrent programs, whose JSON is in corpus.json and known.json. trio 0.34 ran each
 * program on its `MockClock`; this library runs it here.
 *
 * Times are milliseconds. They are chosen so that no two tasks do anything at the same moment unless one
 * caused the other.
 */

export type Body = readonly Statement[];

/** What every statement has. */
interface Common {
  readonly id: number;
}

type TimeStatement =
  | { readonly op: "sleep"; readonly t: number }
  | { readonly op: "cp" | "forever" | "dl" }
  /** Blocks the thread: time passes, and no timer fires. */
  | { readonly op: "block"; readonly t: number };

type FlowStatement =
  | { readonly op: "raise"; readonly e: string }
  | { readonly op: "loop"; readonly n: number; readonly body: Body }
  | {
      readonly op: "try";
      readonly body: Body;
      /** Errors that are caught: cancellations, other errors, or both. Left out: none. */
      readonly catch?: "C" | "E" | "all";
      readonly do?: Body;
      /** How the `catch` ends: "swallow", "reraise", or the name of the error that it raises. */
      readonly then?: string;
      readonly fin?: Body;
    };

/** Limits of a scope: a time, counted from the entry or, if `abs`, from the start of the program. */
export interface ScopeLimits {
  readonly t?: number | null;
  readonly abs?: boolean;
  readonly shield?: boolean;
}

export type ScopeKind = "plain" | "moa" | "fail" | "shield" | "op";

type ScopeStatement =
  | (ScopeLimits & {
      readonly op: "scope";
      /** `CancelScope`, `moveOnAfter`, `failAfter`, `shield` or `Cancellable`. */
      readonly kind: ScopeKind;
      readonly name: string;
      readonly body: Body;
    })
  /** Enters a scope that exists since the start of the program. */
  | { readonly op: "enter"; readonly name: string; readonly body: Body }
  | { readonly op: "cancel" | "stat"; readonly name: string }
  | { readonly op: "deadline"; readonly name: string; readonly d: number | null }
  | { readonly op: "shieldset"; readonly name: string; readonly on: boolean };

type TaskStatement =
  /** `first`: the group rejects with its first failure, else with all of them. */
  | { readonly op: "group"; readonly name: string; readonly first?: boolean; readonly body: Body }
  | { readonly op: "spawn"; readonly group: string; readonly as: string; readonly body: Body }
  | { readonly op: "start"; readonly group: string; readonly body: Body }
  | { readonly op: "started"; readonly v: number }
  | { readonly op: "tcancel" | "join"; readonly name: string };

type LeaseStatement =
  | { readonly op: "lock" | "sem" | "lim" | "cond"; readonly name: string; readonly body: Body }
  | { readonly op: "acq" | "rel" | "semrel"; readonly name: string }
  | { readonly op: "limset"; readonly name: string; readonly n: number };

type SignalStatement =
  | { readonly op: "set" | "wait" | "cwait"; readonly name: string }
  /** 0: every waiter. */
  | { readonly op: "notify"; readonly name: string; readonly n: number };

type QueueStatement =
  | { readonly op: "put" | "putnw"; readonly name: string; readonly h: number; readonly v: number }
  | { readonly op: "get" | "getnw"; readonly name: string; readonly h: number }
  /** `end` 0 closes a sender, 1 a receiver. */
  | { readonly op: "close"; readonly name: string; readonly end: number; readonly h: number }
  /** A `for await` loop over a receiver that breaks after three items. */
  | { readonly op: "iter"; readonly name: string; readonly h: number; readonly body: Body };

export type Statement = Common &
  (
    | TimeStatement
    | FlowStatement
    | ScopeStatement
    | TaskStatement
    | LeaseStatement
    | SignalStatement
    | QueueStatement
  );

export type StatementOf<Op extends Statement["op"]> = Statement & { readonly op: Op };

export interface Program {
  readonly seed?: number;
  readonly profile?: string;
  /** Whether facts that are known to differ are compared as well; see `World.evensOut`. */
  readonly raw?: boolean;
  /** Whether a timeout leaves its scope as the library's own error, and not as an error of the program. */
  readonly keep?: boolean;
  /** Scopes that exist before they are entered. */
  readonly pre?: Readonly<Record<string, ScopeLimits>>;
  readonly locks?: readonly string[];
  readonly events?: readonly string[];
  readonly conds?: readonly string[];
  /** Permits of each semaphore, and tokens of each limiter. */
  readonly sems?: Readonly<Record<string, number>>;
  readonly lims?: Readonly<Record<string, number>>;
  /** For each channel its capacity (null: no bound) and the number of its senders and receivers. */
  readonly chans?: Readonly<
    Record<string, readonly [capacity: number | null, senders: number, receivers: number]>
  >;
  /** The children of one group, which collects their failures. */
  readonly tasks: readonly Body[];
}

/** The bodies right below a statement. */
export function bodiesOf(statement: Statement): readonly Body[] {
  const bodies = "body" in statement ? [statement.body] : [];
  if (statement.op === "try") bodies.push(statement.do ?? [], statement.fin ?? []);
  return bodies;
}
