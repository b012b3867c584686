import { type CancelScope, currentScope, run, type ScopeParent } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { Recorder } from "../playground/recorder.ts";
import type { Recording } from "../playground/recording.ts";

/** The width of the pictures, in units. A column of text on a phone is hardly narrower. */
export const pictureWidth = 400;

/** Virtual time that looks at the scopes before it moves, when everything at the time before has happened. */
class RecordedBackend extends VirtualBackend {
  recorder: Recorder | undefined = undefined;
  #seen = 0;

  override setTimer(at: number, fire: () => void): Disposable {
    return super.setTimer(at, () => {
      this.recorder?.sample(this.#seen);
      this.#seen = this.now();
      fire();
    });
  }
}

export interface StageWork {
  /** The scope whose signal ends the work. */
  readonly scope?: ScopeParent;
  /** The scope, or the key of the bar, below which the work is drawn. Default: `scope`, or else the ambient scope. */
  readonly below?: ScopeParent | string | undefined;
  readonly failure?: Error;
}

/** What the program of a picture gets. */
export interface Stage {
  readonly recorder: Recorder;
  readonly now: () => number;
  /** Work of another library: it ends after `ms`, or when the signal of `scope` is aborted, if there is one. */
  readonly work: (name: string, ms: number, options?: StageWork) => Promise<string>;
  /** Notes an event in the ambient scope. */
  readonly mark: (text: string) => void;
}

/** Runs a program on virtual time and records it, until all of its work has ended. */
export async function record(
  program: (stage: Stage, scope: CancelScope) => PromiseLike<unknown>,
): Promise<Recording> {
  const backend = new RecordedBackend();
  using recorder = new Recorder({ now: () => backend.now(), root: backend });
  backend.recorder = recorder;
  const pending: Promise<unknown>[] = [];
  const stage: Stage = {
    recorder,
    now: () => backend.now(),
    work: (name, ms, { scope, below, failure } = {}) => {
      const timer = (fn: () => void, span: number) => {
        const set = backend.setTimer(backend.now() + span, fn);
        return () => set[Symbol.dispose]();
      };
      const done = recorder.work(name, ms, name, {
        timer,
        scope,
        below: below ?? scope ?? currentScope(),
        failure,
      });
      pending.push(done.catch(() => {}));
      return done;
    },
    mark: (text) => recorder.mark(text, currentScope()),
  };
  await run((scope) => program(stage, scope), { backend, name: "run" });
  await Promise.all(pending);
  await backend.untilIdle();
  recorder.sample();
  const { bars, ...rest } = recorder.recording();
  // `run` itself is the stage, not a part of the play.
  const stages = bars.filter(({ name }) => name === "run").map(({ key }) => key);
  return {
    ...rest,
    bars: bars
      .filter(({ key }) => !stages.includes(key))
      .map((bar) => (stages.includes(bar.parent ?? "") ? { ...bar, parent: undefined } : bar)),
  };
}
