import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Client, ClientRequest, Pending, ReceivedAnswer } from "./answer.ts";

export function openSession(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  // The server may end the session.
  session.on("error", () => {});
  return session;
}

/** Opens a stream and sends the request. Without a body the request is complete at once, unless `isOpen`. */
export function openStream(
  session: ClientHttp2Session,
  { method = "GET", path = "/things/1", headers = {}, body }: ClientRequest = {},
  isOpen = false,
): ClientHttp2Stream {
  const stream = session.request(
    { ":method": method, ":path": path, ...headers },
    { endStream: body === undefined && !isOpen },
  );
  stream.on("error", () => {});
  if (body !== undefined) stream.end(body);
  return stream;
}

/** The answer on a stream. Undefined if the stream closes before the head. */
export function answerOn(stream: ClientHttp2Stream): Promise<ReceivedAnswer | undefined> {
  let head: Readonly<Record<string, unknown>> | undefined;
  let body = "";
  let hasEnded = false;
  stream.on("response", (headers) => {
    head = headers;
  });
  stream.setEncoding("latin1").on("data", (text: string) => {
    body += text;
  });
  stream.on("end", () => {
    hasEnded = true;
  });
  return new Promise((resolve) =>
    stream.on("close", () => {
      if (head === undefined) return resolve(undefined);
      const { ":status": status, ...headers } = head;
      resolve({
        status: Number(status),
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        body,
        isComplete: hasEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR,
      });
    }),
  );
}

/** A client with one session. */
export function http2Client(port: number): Client {
  const session = openSession(port);
  return {
    send(request): Pending {
      const stream = openStream(session, request);
      let text = "";
      stream.on("data", (chunk: string) => {
        text += chunk;
      });
      return {
        answer: answerOn(stream),
        received: (wanted) =>
          new Promise((resolve) => {
            const look = () => {
              if (text.includes(wanted)) resolve();
            };
            stream.on("data", look);
            look();
          }),
        leave: () => stream.close(constants.NGHTTP2_CANCEL),
      };
    },
    close: () => session.destroy(),
  };
}
