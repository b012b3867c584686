import { currentScope, Queue, type Selectable } from "../../src/index.ts";

type Arm = Selectable<unknown>["arm"];

const { arm } = new Queue<never>();

/** The class of the arms of `select`. The library does not export it. */
export const Arm = arm.constructor as new (poll: Arm["poll"], line: Arm["line"]) => Arm;
/** The result of a poll that finds nothing. */
export const wouldWait: unknown = arm.poll(currentScope().node);
