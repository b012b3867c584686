import { connectionView } from "./connection.ts";
import { ControlConnections } from "./control.ts";
import { isPool } from "./core-of.ts";
import { type Access, Lane } from "./lane.ts";
import type { RawConfig, RawConnection, RawPool } from "./library.ts";
import { poolView } from "./pool.ts";

/** The views, by their pool or connection of mysql2, and these, by their views. */
const views = new WeakMap<object, object>();
const targets = new WeakMap<object, object>();
const lanes = new WeakMap<RawConnection, Lane>();
/** By the pool of mysql2. */
const accesses = new WeakMap<object, Access>();

/** The pool or the connection of mysql2 below a view. */
export function rawOf<T extends object>(raw: T): T {
  return (targets.get(raw) as T | undefined) ?? raw; // a view has the type of its target
}

export function hasView(raw: object): boolean {
  return views.has(rawOf(raw));
}

/** The view of a pool or a connection that has none. */
export function makeView<T extends RawPool | RawConnection>(raw: T, access: Access): T {
  if (isPool(raw)) {
    accesses.set(raw, access);
    return keep(
      raw,
      poolView(raw, access.control, (connection) => lentView(connection, access)),
    ) as T; // of the same kind
  }
  const lane = laneOf(raw, access);
  return keep(
    raw,
    connectionView(lane, () => access.control.close()),
  ) as T; // as above
}

/** The view of a pool or a connection, which is made with `cancelTimeout` if the user has not made one. */
export function viewFor<T extends RawPool | RawConnection>(given: T, cancelTimeout: number): T {
  const raw = rawOf(given);
  const own = views.get(raw) as T | undefined; // of the same kind
  if (own !== undefined) return own;
  const accessOf = (config: RawConfig): Access => ({
    control: new ControlConnections(config),
    cancelTimeout,
    serverDeadline: false,
  });
  if (isPool(raw)) return makeView(raw, accessOf(raw.config.connectionConfig));
  const { pool } = raw.config;
  const ofPool = pool && accesses.get(rawOf(pool));
  if (ofPool !== undefined) return lentView(raw, ofPool) as T; // as above
  return makeView(raw, accessOf(raw.config));
}

/** The view of a connection that a pool has lent. A connection has the same view for each of its users. */
function lentView(raw: RawConnection, access: Access): RawConnection {
  return (views.get(raw) as RawConnection | undefined) ?? keep(raw, connectionView(laneOf(raw, access)));
}

/** The one lane of a connection. */
function laneOf(raw: RawConnection, access: Access): Lane {
  let lane = lanes.get(raw);
  if (lane === undefined) {
    lane = new Lane(raw, access);
    lanes.set(raw, lane);
  }
  return lane;
}

function keep<T extends object>(raw: object, view: T): T {
  views.set(raw, view);
  targets.set(view, raw);
  return view;
}
