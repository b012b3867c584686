import { UsageError } from "@hother/cancelable";

/** The part of `node:diagnostics_channel` that is used here. */
interface Diagnostics {
  subscribe(channel: string, listener: (message: unknown) => void): void;
  unsubscribe(channel: string, listener: (message: unknown) => void): void;
}

interface NodeProcess {
  readonly versions: Readonly<Record<string, string>>;
  getBuiltinModule?(name: "node:diagnostics_channel"): Diagnostics | undefined;
}

const advice = "use init.firstByteTimeout, which includes the time to connect";

/** The channels on which undici, the `fetch` of Node, tells of its requests. Not imported, because only Node has them. */
function diagnostics(): Diagnostics {
  const { process } = globalThis as { readonly process?: NodeProcess };
  const { node, bun, deno } = process?.versions ?? {};
  const found =
    node === undefined || bun !== undefined || deno !== undefined
      ? undefined
      : process?.getBuiltinModule?.("node:diagnostics_channel");
  if (found === undefined) throw new UsageError("ERR_UNSUPPORTED_HOST", "init.connectTimeout", advice);
  return found;
}

/** The error for a request whose connection cannot be seen. */
export function unseen(): UsageError {
  const detail = `the dispatcher of this request does not tell when it has connected; ${advice}`;
  return new UsageError("ERR_UNSUPPORTED_HOST", "init.connectTimeout", detail);
}

/** Watches for the connection of one request. */
export class Connection implements Disposable {
  readonly #channels = diagnostics();
  readonly #connected: () => void;
  #request: unknown;

  /**
   * @param connected Called once, when the request is sent over a connection.
   * @throws UsageError `ERR_UNSUPPORTED_HOST` on a host whose `fetch` does not tell.
   */
  constructor(connected: () => void) {
    this.#connected = connected;
    this.#channels.subscribe("undici:client:sendHeaders", this.#sent);
  }

  /** Whether {@link during} has seen the request. */
  get isSeen(): boolean {
    return this.#request !== undefined;
  }

  /** Calls `send`, and watches the first request that is made before it returns. */
  during<T>(send: () => T): T {
    this.#channels.subscribe("undici:request:create", this.#created);
    try {
      return send();
    } finally {
      this.#channels.unsubscribe("undici:request:create", this.#created);
    }
  }

  readonly #created = (message: unknown): void => {
    this.#request ??= (message as { readonly request: unknown }).request;
  };

  readonly #sent = (message: unknown): void => {
    if (this.#request !== (message as { readonly request: unknown }).request) return;
    this[Symbol.dispose]();
    this.#connected();
  };

  [Symbol.dispose](): void {
    this.#channels.unsubscribe("undici:client:sendHeaders", this.#sent);
  }
}
