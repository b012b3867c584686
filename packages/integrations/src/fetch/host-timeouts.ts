import { type HttpPhase, HttpTimeoutError } from "../http/http-timeout-error.ts";

/** The codes of the time limits that undici, the `fetch` of Node, has on its own. */
const phases: Readonly<Record<string, HttpPhase>> = {
  UND_ERR_CONNECT_TIMEOUT: "connect",
  UND_ERR_HEADERS_TIMEOUT: "first-byte",
  UND_ERR_BODY_TIMEOUT: "idle",
};

/** The error of the host, or one that names the phase where a time limit of the host has passed. */
export function withPhase(error: unknown, label: string): unknown {
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  const phase = typeof code === "string" && Object.hasOwn(phases, code) ? phases[code] : undefined;
  return phase === undefined ? error : new HttpTimeoutError(label, phase, undefined, { cause: error });
}
