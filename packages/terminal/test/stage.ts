import {
  Cancellable,
  type CancellableOptions,
  OperationRegistry,
  type Outcome,
  run,
} from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { type ProgressViewOptions, renderProgress } from "../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

interface Stage {
  readonly terminal: FakeTerminal;
  readonly register: OperationRegistry;
  readonly view: AsyncDisposable & Disposable;
  /** Advances the virtual time. Default: 100 ms, in which the view draws one picture. */
  pass(ms?: number): Promise<void>;
}

/** Runs `body` with a view of a registry on a terminal, in virtual time. */
export async function onStage(
  body: (stage: Stage) => Promise<void>,
  terminal = new FakeTerminal(),
  options?: Partial<ProgressViewOptions>,
): Promise<void> {
  const backend = new VirtualBackend({ autoJump: false });
  await run(
    async () => {
      const register = new OperationRegistry();
      const view = renderProgress(register, { ...options, stream: terminal });
      await body({ terminal, register, view, pass: (ms = 100) => backend.advance(ms) });
      await view[Symbol.asyncDispose]();
    },
    { backend },
  );
}

interface Started {
  readonly op: Cancellable;
  readonly ended: Promise<Outcome<void>>;
  /** Completes the operation, or fails it with `error`. */
  end(error?: Error): Promise<Outcome<void>>;
}

/** Starts an operation that runs until its `end` is called. */
export function started(options: CancellableOptions, parent?: Cancellable): Started {
  let end: (error?: Error) => void = () => {};
  const op = new Cancellable({ ...options, parent: parent ?? null });
  const ended = op.settle(
    () =>
      new Promise<void>((resolve, reject) => {
        end = (error) => (error === undefined ? resolve() : reject(error));
        op.signal.addEventListener("abort", () => reject(op.error));
      }),
  );
  return {
    op,
    ended,
    end: (error) => {
      end(error);
      return ended;
    },
  };
}
