import type { AxiosResponse } from "axios";
import { endStream, type NodeStream } from "../http/end-stream.ts";
import type { RequestSignal } from "../http/request-signal.ts";
import { watchStream } from "../http/watched-stream.ts";

function isNodeStream(value: unknown): value is NodeStream {
  const candidate = value as Partial<NodeStream> | null | undefined;
  return typeof candidate?.destroy === "function" && typeof candidate.once === "function";
}

/** The body of a response with `responseType: "stream"`. The link to the scope lives until the body has ended. */
export class StreamedBody {
  readonly #link: RequestSignal;
  #stream: NodeStream | undefined;
  isStreaming = false;

  /** To be constructed before axios listens to the signal, because axios ends the stream with an error without the reason. */
  constructor(link: RequestSignal) {
    this.#link = link;
    const end = (): void => {
      if (this.#stream !== undefined) endStream(this.#stream, link.signal.reason);
    };
    link.signal.addEventListener("abort", end, { once: true });
  }

  follow(response: AxiosResponse): void {
    const { data } = response;
    const link = this.#link;
    const ended = (): void => link[Symbol.dispose]();
    if (isNodeStream(data)) {
      this.isStreaming = true;
      link.ownBody();
      this.#stream = data;
      data.once("close", ended);
    } else if (data instanceof ReadableStream) {
      this.isStreaming = true;
      link.ownBody();
      response.data = watchStream(data, ended, (error) => (link.signal.aborted ? link.signal.reason : error));
    }
  }
}
