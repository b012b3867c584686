/* Clients that send many requests at once, and leave as planned. */

import type { ClientHttp2Session } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import type { ReceivedAnswer } from "./answer.ts";
import { answerOn, openSession, openStream } from "./http2-client.ts";
import { RawConnection, requestText } from "./raw-connection.ts";
import { bodyOf, type Plan } from "./volume-plan.ts";
import type { VolumeServer } from "./volume-server.ts";

/** Sends a request as planned. Returns the answer, or undefined if the client has left. */
type Send = (plan: Plan, server: VolumeServer) => Promise<ReceivedAnswer | undefined>;

/** The clients of one run. */
export interface VolumeClients {
  /** Opens the connections for `count` requests. */
  open(count: number): Promise<void>;
  readonly send: Send;
  close(): void;
}

const type = { "content-type": "application/octet-stream" };

/** A connection for each client. Clients keep their connections for the requests that follow. */
export function http1Clients(port: number): VolumeClients {
  const idle: RawConnection[] = [];
  const all = new Set<RawConnection>();
  return {
    async open(count) {
      // One after another: the system drops connections of which the server has not accepted some hundreds, and tries again after seconds.
      while (idle.length < count) {
        const connection = await RawConnection.open(port);
        all.add(connection);
        idle.push(connection);
      }
    },
    async send(plan, server) {
      const connection = idle.pop() as RawConnection; // opened above
      const [firstLine, filler] = bodyOf(plan);
      const length = firstLine.length + filler.length;
      const encode = (text: string) =>
        plan.isStreamed ? `${text.length.toString(16)}\r\n${text}\r\n` : text;
      const head = requestText({
        method: "POST",
        headers: {
          ...type,
          ...(plan.isStreamed ? { "transfer-encoding": "chunked" } : { "content-length": String(length) }),
        },
      });
      const half = filler.slice(0, filler.length >> 1);
      await connection.send(head + encode(firstLine) + (half === "" ? "" : encode(half)));
      if (plan.moment === "body") await server.reading(plan.id);
      else {
        await connection.send(encode(filler.slice(half.length)) + (plan.isStreamed ? "0\r\n\r\n" : ""));
        if (plan.moment === "never") {
          const answer = await connection.answer();
          idle.push(connection);
          return answer;
        }
        await (plan.moment === "head" ? server.working(plan.id) : connection.received("first part"));
      }
      await wait(plan.wait);
      connection.leave(plan.isReset ? "RST" : "FIN");
      await connection.closed();
      all.delete(connection);
      return undefined;
    },
    close() {
      for (const connection of all) connection.socket.destroy();
    },
  };
}

/** The codes with which a client of HTTP/2 resets its stream: NO_ERROR, INTERNAL_ERROR and CANCEL. */
const codes = [0, 2, 8];
/** A session has at most so many streams at a time. */
const streamsPerSession = 50;

export function http2Clients(port: number): VolumeClients {
  const sessions: Array<{ readonly session: ClientHttp2Session; streams: number }> = [];
  return {
    // Sessions are few: they are opened when they are needed.
    async open() {},
    async send(plan, server) {
      let place = sessions.find(({ streams }) => streams < streamsPerSession);
      if (place === undefined) {
        place = { session: openSession(port), streams: 0 };
        sessions.push(place);
      }
      place.streams++;
      const [firstLine, filler] = bodyOf(plan);
      const stream = openStream(place.session, { method: "POST", headers: type }, true);
      const answer = answerOn(stream);
      const firstPart = new Promise((resolve) => stream.once("data", resolve));
      stream.write(firstLine);
      if (plan.moment === "body") await server.reading(plan.id);
      else {
        stream.end(filler);
        if (plan.moment === "head") await server.working(plan.id);
        if (plan.moment === "answer") await firstPart;
      }
      if (plan.moment !== "never") {
        await wait(plan.wait);
        stream.close(codes[plan.filler % codes.length]);
      }
      const received = await answer;
      place.streams--;
      return plan.moment === "never" ? received : undefined;
    },
    close() {
      for (const { session } of sessions) session.destroy();
    },
  };
}
