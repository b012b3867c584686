import {
  Cancellable,
  type CancellableOptions,
  type CancellationReason,
  type Progress,
} from "@hother/cancelable";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** Where the newest run of a component stands. */
export type OperationState<T> =
  | { readonly status: "idle" }
  | { readonly status: "pending"; readonly progress: Progress | undefined }
  | { readonly status: "completed"; readonly value: T }
  | { readonly status: "cancelled"; readonly reason: CancellationReason; readonly message: string }
  | { readonly status: "failed"; readonly error: unknown };

export interface OperationControls<A extends unknown[], T> {
  readonly state: OperationState<T>;
  /** Starts a run. A run that has not ended is cancelled, with the reason `superseded`. */
  readonly run: (...args: A) => void;
  /** Cancels the run, if there is one. */
  readonly cancel: (reason?: CancellationReason, message?: string) => void;
}

/**
 * Runs an async function for a component, at most one run at a time. A new run cancels the one before it, and so does the
 * end of the component, with the reason `unmounted`. The state is always that of the newest run.
 *
 * @param body Gets the operation first. Browsers have no AsyncLocalStorage, so the body uses `op.signal`, `op.sleep` and
 *   `op.waitFor`, and passes `op` as the parent of scopes and operations.
 * @param options The options of each run, for example its name and its timeout.
 */
export function useOperation<A extends unknown[], T>(
  body: (op: Cancellable, ...args: A) => Promise<T>,
  options?: Omit<CancellableOptions, "parent">,
): OperationControls<A, T> {
  const [state, setState] = useState<OperationState<T>>({ status: "idle" });
  const current = useRef<Cancellable | undefined>(undefined);
  // `run` and `cancel` stay the same functions, and use the body and the options of the newest render.
  const newest = useRef({ body, options });
  useLayoutEffect(() => {
    newest.current = { body, options };
  });

  // In StrictMode React unmounts and mounts once more: the effects of the component then start a run of their own.
  useEffect(() => () => void current.current?.cancel("unmounted", "the component is gone"), []);

  const run = useCallback((...args: A): void => {
    current.current?.cancel("superseded", "a newer run has started");
    const op = new Cancellable({ ...newest.current.options, parent: null });
    current.current = op;
    // A run that is not the newest one changes nothing any more.
    const show = (next: OperationState<T>): void => {
      if (current.current === op) setState(next);
    };
    op.onProgress((progress) => show({ status: "pending", progress }));
    show({ status: "pending", progress: undefined });
    const { body: perform } = newest.current;
    // `settle` does not reject: the outcome says how the run has ended.
    void op
      .settle(() => perform(op, ...args))
      .then((outcome) => {
        if (outcome.status === "completed") show({ status: "completed", value: outcome.value });
        else if (outcome.status === "failed") show({ status: "failed", error: outcome.error });
        else {
          const { reason, message } = outcome.error;
          show({ status: "cancelled", reason, message });
        }
      });
  }, []);

  const cancel = useCallback((reason?: CancellationReason, message?: string): void => {
    current.current?.cancel(reason, message);
  }, []);

  return { state, run, cancel };
}
