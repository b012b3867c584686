import { invalidType } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

export function requireSignalName(signal: unknown, argument: string): void {
  if (typeof signal !== "string")
    throw invalidType(argument, 'the name of a signal, such as "SIGINT"', signal);
}

export function listenToSignal(_signal: string, _callback: () => void): Disposable {
  throw new UsageError("ERR_UNSUPPORTED_HOST", "A signal source", "it has no operating-system signals");
}

export function resendSignal(_signal: string): boolean {
  return false;
}
