/* What clients of HTTP/2 do with one session. */

import { once } from "node:events";
import { constants } from "node:http2";
import { sleep } from "@hother/cancelable";
import { expect, onTestFinished } from "vitest";
import { Gate } from "./gate.ts";
import type { Host, Reply } from "./host.ts";
import { answerOn, openSession, openStream } from "./http2-client.ts";
import { row } from "./row.ts";
import { serve } from "./serve.ts";

/** Waits until the operation is cancelled. */
const forever = async (): Promise<Reply> => {
  await sleep({ minutes: 10 });
  return {};
};

function session(port: number): ReturnType<typeof openSession> {
  const opened = openSession(port);
  onTestFinished(() => opened.destroy());
  return opened;
}

export function http2Rows(host: Host): void {
  const codes = [
    "NGHTTP2_NO_ERROR",
    "NGHTTP2_CANCEL",
    "NGHTTP2_INTERNAL_ERROR",
    "NGHTTP2_REFUSED_STREAM",
  ] as const;
  for (const code of codes) {
    row(host, `a stream that is reset with ${code} cancels its request and no other (HIN-09)`, async () => {
      const gate = new Gate();
      const served = await serve(host, async ({ operation }) => {
        if (operation.name?.startsWith("POST")) return forever();
        await gate.opened;
        return { body: "answer" };
      });
      const client = session(served.port);
      const other = openStream(client);
      const answer = answerOn(other);
      const left = openStream(client, { method: "POST", body: "hello" });
      await served.calls(2);
      left.close(constants[code]);
      const [end] = await served.ends(1);
      expect(end).toMatchObject({
        name: "POST /things/:id",
        status: 499,
        sent: "nothing",
        reason: "disconnect",
      });
      gate.open();
      expect(await answer).toMatchObject({ status: 200, body: "answer", isComplete: true });
      expect((await served.ends(2))[1]).toMatchObject({ status: 200, sent: "whole", reason: undefined });
    });
  }

  row(host, "a session that dies cancels all of its requests (HIN-09)", async () => {
    const served = await serve(host, forever);
    const client = session(served.port);
    for (let i = 0; i < 3; i++) openStream(client);
    await served.calls(3);
    client.destroy();
    const ends = await served.ends(3);
    expect(ends.map(({ reason, status }) => [reason, status])).toEqual(Array(3).fill(["disconnect", 499]));
    expect(served.reports).toEqual([]);
  });

  row(host, "a client that says GOAWAY gets the answers to its running requests (HIN-09)", async () => {
    const gate = new Gate();
    const served = await serve(host, async () => {
      await gate.opened;
      return { body: "answer" };
    });
    const client = session(served.port);
    const answer = answerOn(openStream(client));
    await served.calls(1);
    client.close();
    gate.open();
    expect(await answer).toMatchObject({ status: 200, body: "answer", isComplete: true });
    expect((await served.ends(1))[0]).toMatchObject({ sent: "whole", reason: undefined });
  });

  row(host, "a client that resets its stream after its body was read cancels (HIN-03)", async () => {
    const read = new Gate();
    const served = await serve(host, async (call) => {
      await call.text();
      read.open();
      return forever();
    });
    const headers = { "content-type": "application/octet-stream" };
    const stream = openStream(session(served.port), { method: "POST", headers, body: "hello" });
    await read.opened;
    stream.close(constants.NGHTTP2_CANCEL);
    expect((await served.ends(1))[0]).toMatchObject({ status: 499, reason: "disconnect", sent: "nothing" });
  });

  row(
    host,
    "a client that resets its stream in the middle of the body cancels, and the read fails (HIN-04)",
    async () => {
      const errors: unknown[] = [];
      const served = await serve(host, async (call) => {
        await call.text().catch((error: unknown) => {
          errors.push(error);
          throw error;
        });
        return {};
      });
      const headers = { "content-type": "application/octet-stream" };
      const stream = openStream(session(served.port), { method: "POST", headers }, true);
      stream.write("hel");
      await served.calls(1);
      stream.destroy();
      expect((await served.ends(1))[0]).toMatchObject({ status: 499, reason: "disconnect", sent: "nothing" });
      expect(errors).toHaveLength(1);
      expect(served.reports).toEqual([]);
      expect(served.errors).toEqual([]);
    },
  );

  row(
    host,
    "an answer in the place of the handler's ends the stream, although the body never ends (HIN-16)",
    async () => {
      const served = await serve(
        host,
        async (call) => {
          await call.text();
          return {};
        },
        { timeout: 50 },
      );
      const headers = { "content-type": "application/octet-stream" };
      const stream = openStream(session(served.port), { method: "POST", headers }, true);
      stream.write("hel");
      const answer = answerOn(stream);
      await once(stream, "end");
      const [end] = await served.ends(1);
      expect(end).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
      stream.end();
      expect(await answer).toMatchObject({ status: 504 });
    },
  );
}
