import {
  Cancellable,
  type ObservedOperation,
  OperationRegistry,
  type OperationStatus,
  run,
  sleep,
} from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { type Arrow, drawStates, type State } from "../playground/states.ts";
import { expectSame } from "./expect-same.ts";
import { pictureWidth } from "./recorded-run.ts";

const states: State[] = [
  { name: "pending", lines: ["not started yet"], x: 112, y: 40, width: 150, height: 46, style: "work" },
  {
    name: "running",
    lines: ["with { shield: true }: shielded"],
    x: 112,
    y: 158,
    width: 192,
    height: 84,
    style: "run",
  },
  { name: "completed", lines: ["the body returns"], x: 70, y: 292, width: 118, height: 48, style: "done" },
  { name: "cancelled", lines: ["its cancellation"], x: 200, y: 292, width: 118, height: 48, style: "ending" },
  { name: "failed", lines: ["another error"], x: 330, y: 292, width: 118, height: 48, style: "late" },
];

const arrows: Arrow[] = [
  { from: "pending", to: "running", words: ["started", "run(), settle() or start()"], x: 122, y: 86 },
  { from: "running", to: "running", words: ["progress", "op.reportProgress()"], x: 240, y: 142 },
  { from: "running", to: "running", words: ["cancelling", "cancel(), a limit, a parent"], x: 240, y: 178 },
  { from: "running", to: "completed", words: ["ended"], x: 78, y: 250 },
  { from: "running", to: "cancelled", words: ["ended"], x: 208, y: 250 },
  { from: "running", to: "failed", words: ["ended"], x: 338, y: 250 },
];

/** The box of a status: `shielded` is drawn with `running`. */
const boxOf = (status: OperationStatus): string => (status === "shielded" ? "running" : status);

/** Notes every event of all operations with the status before and after it. */
class Transitions extends OperationRegistry {
  readonly seen = new Set<string>();
  readonly #status = new Map<string, OperationStatus>();

  override started(operation: ObservedOperation): void {
    this.#note("started", operation);
  }
  override progress(operation: ObservedOperation): void {
    this.#note("progress", operation);
  }
  override cancelling(operation: ObservedOperation): void {
    this.#note("cancelling", operation);
  }
  override ended(operation: ObservedOperation): void {
    this.#note("ended", operation);
  }

  #note(event: string, { id, context: { status } }: ObservedOperation): void {
    const before = this.#status.get(id) ?? "pending";
    this.seen.add(`${boxOf(before)} ${event} ${boxOf(status)}`);
    this.#status.set(id, status);
  }
}

/** Picture 5: the states of an operation, with the event on each arrow. */
export async function drawPicture(): Promise<string> {
  const transitions = new Transitions();
  using _registration = transitions.registerAll();
  const ends: string[] = [];
  const operation = async (
    body: (op: Cancellable) => unknown,
    options: { shield?: boolean; timeout?: number } = {},
    before: (op: Cancellable) => void = () => {},
  ): Promise<void> => {
    const op = new Cancellable(options);
    expectSame(op.context.status, "pending");
    before(op);
    ends.push((await op.settle(body)).status);
  };
  const fails = (): never => {
    throw new Error("no connection");
  };
  await run(
    async () => {
      await operation((op) => op.reportProgress("half way"));
      await operation(() => sleep(1_000), { timeout: 100 });
      await operation(fails);
      // A cancellation before the start: the body does not run.
      await operation(fails, {}, (op) => op.cancel());
      await operation(() => sleep(100), { shield: true });
      await operation(() => sleep(1_000), { shield: true, timeout: 100 });
      await operation(fails, { shield: true });
      // The body returns in spite of the cancellation.
      await operation((op) => void op.cancel());
    },
    { backend: new VirtualBackend() },
  );
  expectSame(ends, [
    "completed",
    "cancelled",
    "failed",
    "cancelled",
    "completed",
    "cancelled",
    "failed",
    "completed",
  ]);
  const drawn = arrows.map(({ from, words: [event], to }) => `${from} ${event} ${to}`);
  expectSame([...transitions.seen].toSorted(), [...drawn].toSorted());
  return drawStates(states, arrows, {
    title: "The states of an operation, with the event on each arrow",
    width: pictureWidth,
    height: 332,
    file: true,
    id: "states",
    notes: [
      "“cancelling” does not change the state: a cancelled operation runs until its body has ended. If the body returns a value in spite of the cancellation, the operation has completed.",
      "An operation that is cancelled before its start has all events, and its body does not run.",
    ],
  });
}
