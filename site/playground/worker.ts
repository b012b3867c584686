/// <reference lib="webworker" />
import * as cancelable from "@hother/cancelable";
import type { WorkerMessage, WorkerTask } from "./messages.ts";
import { compile, printed } from "./program.ts";
import { Recorder } from "./recorder.ts";

/** How often the open scopes are looked at, in ms. */
const sampleEvery = 8;
/** How often the page gets the recording, in ms. */
const sendEvery = 50;
/** The number of lines that a program can print. */
const lineLimit = 200;

declare const self: DedicatedWorkerGlobalScope;
// A program can replace the timers of its global object.
const { setTimeout, clearTimeout, setInterval } = self;
const send = (message: WorkerMessage): void => self.postMessage(message);

let lines = 0;
function print(level: "log" | "warn" | "error", values: readonly unknown[]): void {
  if (++lines > lineLimit + 1) return;
  const text = lines > lineLimit ? "(further lines are not shown)" : values.map(printed).join(" ");
  send({ type: "print", level, text });
}
for (const [method, level] of [
  ["log", "log"],
  ["info", "log"],
  ["debug", "log"],
  ["warn", "warn"],
  ["error", "error"],
] as const)
  console[method] = (...values: unknown[]) => print(level, values);
console.assert = (condition?: boolean, ...values: unknown[]) => {
  if (!condition) print("error", ["Assertion failed:", ...values]);
};
// A rejection that nobody handles. The program goes on.
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  print("error", ["Unhandled rejection:", event.reason]);
});
self.addEventListener("error", (event) => {
  event.preventDefault();
  print("error", [event.error ?? event.message]);
});

const recorder = new Recorder({ now: () => performance.now() });

const timer = (fn: () => void, ms: number): (() => void) => {
  const set = setTimeout(fn, ms);
  return () => clearTimeout(set);
};

const playground = {
  /**
   * Work of another library, such as `fetch(url, { signal })`: it takes `ms`, and ends early only if it gets a scope or an
   * operation, with the signal of this scope.
   */
  download: (name: string, ms: number, scope?: cancelable.ScopeParent) =>
    recorder.work(String(name), Number(ms), String(name), { timer, scope }),
  /** Draws a plain async function, from its call to its end. */
  trace: <T>(name: string, body: () => PromiseLike<T>) => recorder.plain(String(name), body),
};

/** Whether everything that the program has started has ended. */
const isQuiet = (): boolean => recorder.recording().bars.every(({ end }) => end !== undefined);

async function perform({ code }: WorkerTask): Promise<void> {
  let program: () => Promise<unknown>;
  let error: string | undefined;
  try {
    program = compile(code, { "@hother/cancelable": cancelable, playground });
  } catch (failure) {
    if (failure instanceof EvalError) return send({ type: "forbidden" });
    return send({ type: "ended", recording: recorder.recording(), error: printed(failure) });
  }
  setInterval(() => recorder.sample(), sampleEvery);
  setInterval(() => send({ type: "recording", recording: recorder.recording() }), sendEvery);
  try {
    await program();
  } catch (failure) {
    error = printed(failure);
  }
  // The work that the program has left behind is drawn until its end.
  setInterval(() => {
    recorder.sample();
    if (isQuiet()) send({ type: "ended", recording: recorder.recording(), error });
  }, sampleEvery);
}

self.addEventListener("message", (event: MessageEvent<WorkerTask>) => void perform(event.data));
send({ type: "ready" });
