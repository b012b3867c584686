import { UsageError } from "../usage-error.ts";

export interface ProgramEvents {
  uncaught(error: unknown): void;
  idle(): void;
}

export function watchProgram(_events: ProgramEvents): Disposable {
  throw new UsageError("ERR_UNSUPPORTED_HOST", "main()", "it is for programs of Node, Bun and Deno");
}

export function exitCodeOf(_signal: string): number {
  return 1;
}

export function setExitCode(_code: number): void {}

export function ignoreEcho(): Disposable {
  return { [Symbol.dispose]() {} };
}

export function writeLine(_text: string): void {}

export function whenStillAlive(_ms: number, _fn: () => void): void {}

export function keepingAlive(): readonly string[] {
  return [];
}

export function endProcess(_signal: string | undefined): void {}
