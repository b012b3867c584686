import { type CancelScope, currentScope, isCancellation, moveOnAfter } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";
import { HttpError } from "../http/http-error.ts";
import { urlLabel } from "../http/request-label.ts";

/** The most bytes of the body in an `HttpError`. */
const mostBytes = 4_096;
/** The longest time that the excerpt is waited for, in ms. */
const mostTime = 1_000;

/**
 * Returns the response if its status is a success (200 to 299), and throws an {@link HttpError} otherwise. The error has the
 * status, the headers, the URL and the first 4,096 bytes of the body, or less: as many as come within 1 s. The rest of the
 * body is not read, and its connection is released. When the ambient scope is cancelled while the body is read, the error of
 * the scope is thrown instead.
 *
 * @throws TypeError for a value that is no response.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { expectOk, fetch, HttpError } from "@hother/cancelable-integrations/fetch";
 *
 * const server = createServer((_request, response) => response.writeHead(404).end("no such user"));
 * await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
 * const { port } = server.address() as { port: number };
 *
 * const error = await expectOk(fetch(`http://127.0.0.1:${port}/users/7`)).catch((e) => e);
 * console.assert(error instanceof HttpError && error.status === 404 && error.excerpt === "no such user");
 * server.close();
 * ```
 */
export async function expectOk(response: Response | PromiseLike<Response>): Promise<Response> {
  const scope = currentScope();
  const received = await response;
  if (typeof received?.ok !== "boolean" || typeof received.status !== "number")
    throw invalidType("response", "a Response", received);
  if (received.ok) return received;
  const { status, statusText, headers, url, body } = received;
  const facts = { status, statusText, headers, url };
  if (body === null || received.bodyUsed || body.locked)
    throw new HttpError(urlLabel(url), { ...facts, excerpt: "", isTruncated: body !== null });
  const excerpt = new Excerpt();
  await moveOnAfter(mostTime, (limit) => excerpt.read(body, limit), { parent: scope });
  throw new HttpError(urlLabel(url), { ...facts, ...excerpt.facts });
}

/** The beginning of a body. */
class Excerpt {
  #isTruncated = true;
  #text = "";

  get facts(): Pick<HttpError, "excerpt" | "isTruncated"> {
    return { excerpt: this.#text, isTruncated: this.#isTruncated };
  }

  async read(body: ReadableStream<Uint8Array>, limit: CancelScope): Promise<void> {
    const decoder = new TextDecoder();
    const reader = body.getReader();
    try {
      for (let missing = mostBytes; missing > 0; ) {
        const { done, value } = await limit.waitFor(reader.read());
        if (done) {
          this.#text += decoder.decode();
          this.#isTruncated = false;
          return;
        }
        // A character that the bound cuts is left out.
        this.#text += decoder.decode(value.subarray(0, missing), { stream: true });
        missing -= value.byteLength;
      }
    } catch (error) {
      limit.check();
      if (isCancellation(error)) throw error;
      // The connection broke: the excerpt is what came before.
    } finally {
      reader.cancel().then(undefined, () => {});
    }
  }
}
