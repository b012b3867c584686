/** The differences between the hosts that take a `Request` and wait for a `Response`. */
export interface WebHost {
  /** The server of a request, where the host tells it. */
  readonly server: object | undefined;
  /** The error by which the host breaks an answer off. Bun prints every error but undefined, and breaks off without a word. */
  cutError(error: unknown): unknown;
  /**
   * Whether the signal of a request stays silent while its body is read, as on Deno. Then only the failed reading tells that the
   * client has left.
   */
  readonly tellsByBody: boolean;
  /** The address of the direct peer, where the host tells it. */
  address(request: Request): string | undefined;
}

/** The argument that Bun and Deno pass to a handler after the request: Bun the server, Deno the facts of the connection. */
interface HostArgument {
  /** Of Bun. */
  requestIP?(request: Request): { readonly address: string } | null;
  /** Of Deno. */
  readonly remoteAddr?: { readonly hostname?: string };
}

class KnownHost implements WebHost {
  readonly #argument: HostArgument;
  constructor(argument: HostArgument) {
    this.#argument = argument;
  }
  get server(): object | undefined {
    return typeof this.#argument.requestIP === "function" ? this.#argument : undefined;
  }
  get tellsByBody(): boolean {
    return "remoteAddr" in this.#argument; // reading it fails once the client has left
  }
  cutError(error: unknown): unknown {
    return this.server === undefined ? error : undefined;
  }
  address(request: Request): string | undefined {
    const argument = this.#argument;
    return this.server === undefined ? argument.remoteAddr?.hostname : argument.requestIP?.(request)?.address;
  }
}

const unknownHost: WebHost = {
  server: undefined,
  tellsByBody: false,
  cutError: (error) => error,
  address: () => undefined,
};

/** The host that has passed an argument to its handler after the request. */
export function webHost(argument: unknown): WebHost {
  return typeof argument === "object" && argument !== null ? new KnownHost(argument) : unknownHost;
}
