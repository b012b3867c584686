/*
 * Checks the undocumented parts of Effect that this backend uses, when the backend is imported. A new version of Effect
 * can change these parts. Without the check, library code in a fiber would then run on another backend, and the message
 * of an interruption would be wrong.
 */
import { Cause, Effect, Tracer } from "effect";
import { unsupportedVersion } from "../unsupported-version.ts";

const evaluate = "~effect/Effect/evaluate";

/** @throws UsageError `ERR_UNKNOWN_BACKEND`, which names the missing parts. */
export function requireInternals(): void {
  const missing: string[] = [];
  if (!canEvaluate()) missing.push(`method "${evaluate}" of an effect`);
  else if (!tracerSeesSteps()) missing.push(`call of "Tracer.context" for each step of a fiber`);
  if (!knowsInterruption()) missing.push('field "_interruptedCause" of an interrupted fiber');
  if (missing.length > 0) throw unsupportedVersion("effect", missing);
}

/** Used to start a child of a fiber that is not running, see `forkChildOf`. */
function canEvaluate(): boolean {
  return typeof (Effect.forkChild(Effect.void) as { readonly [evaluate]?: unknown })[evaluate] === "function";
}

/** Used to enter the scope of a fiber for each of its steps, see `layer`. */
function tracerSeesSteps(): boolean {
  let steps = 0;
  const tracer = Tracer.make({
    span: () => {
      throw new Error("this effect has no span");
    },
    context: (primitive, fiber) => {
      steps++;
      return primitive[evaluate](fiber);
    },
  });
  Effect.runSync(Effect.provideService(Effect.void, Tracer.Tracer, tracer));
  return steps > 0;
}

/** Used to say why a fiber ends before it has ended, see `ending`. */
function knowsInterruption(): boolean {
  const fiber = Effect.runFork(Effect.never);
  fiber.interruptUnsafe();
  return Cause.isCause((fiber as { readonly _interruptedCause?: unknown })._interruptedCause);
}
