/* Requests that the server cancels. */

import { sleep } from "@hother/cancelable";
import { expect } from "vitest";
import { Gate } from "./gate.ts";
import type { Host } from "./host.ts";
import { endlessBody } from "./left-rows.ts";
import { row } from "./row.ts";
import { serve } from "./serve.ts";

export function limitRows(host: Host): void {
  row(
    host,
    "a time limit before the head answers 504 once, and the late answer is dropped (HIN-16)",
    async () => {
      const gate = new Gate();
      const served = await serve(
        host,
        async () => {
          await gate.opened;
          return { headers: { "x-late": "1" }, body: "late" };
        },
        { timeout: 20 },
      );
      const answer = await served.client.send().answer;
      expect(answer).toMatchObject({ status: 504, isComplete: true });
      expect(answer?.headers["x-late"]).toBe(undefined);
      gate.open();
      const [end] = await served.ends(1);
      expect(end).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
      expect(served.reports).toEqual([]);
      expect(served.errors).toEqual([]);
    },
  );

  const cancellations = [
    {
      reason: "timeout",
      status: 504,
      title: "Gateway Timeout",
      detail: "The time limit of the request has passed.",
    },
    { reason: "shutdown", status: 503, title: "Service Unavailable", detail: "The server is shutting down." },
    { reason: "manual", status: 503, title: "Service Unavailable", detail: "The request was cancelled." },
  ] as const;
  for (const { reason, status, title, detail } of cancellations) {
    row(host, `the answer for ${reason} tells nothing of the reason's text (HIN-23)`, async () => {
      const served = await serve(
        host,
        async () => {
          await sleep({ minutes: 10 });
          return {};
        },
        { retryAfter: 2_500 },
      );
      const request = served.client.send();
      const [call] = await served.calls(1);
      call?.operation.cancel(reason, "secret of the house");
      const answer = await request.answer;
      expect(answer).toMatchObject({ status, isComplete: true });
      expect(answer?.headers["content-type"]).toBe("application/problem+json");
      expect(answer?.headers["retry-after"]).toBe(reason === "shutdown" ? "3" : undefined);
      expect(JSON.parse(answer?.body ?? "")).toEqual({ type: "about:blank", title, status, detail });
      expect((await served.ends(1))[0]).toMatchObject({ status, sent: "whole", reason });
      expect(served.reports).toEqual([]);
      expect(served.errors).toEqual([]);
    });

    row(host, `an answer of one's own for ${reason} is sent as it is (HIN-23)`, async () => {
      const served = await serve(
        host,
        async () => {
          await sleep({ minutes: 10 });
          return {};
        },
        {
          answer: ({ operation: { name }, error }) => ({
            status: 418,
            headers: { "content-type": "text/plain", "x-reason": error.reason },
            body: `${name} was stopped`,
          }),
        },
      );
      const request = served.client.send();
      const [call] = await served.calls(1);
      call?.operation.cancel(reason, "secret of the house");
      const answer = await request.answer;
      expect(answer).toMatchObject({ status: 418, body: "GET /things/:id was stopped" });
      expect(answer?.headers).toMatchObject({ "content-type": "text/plain", "x-reason": reason });
      expect((await served.ends(1))[0]).toMatchObject({ status: 418, sent: "whole", reason });
    });
  }

  for (const reason of ["timeout", "shutdown"] as const) {
    const heads: Array<readonly [string, Record<string, string>]> = [
      ["chunked", {}],
      ["with a length", { "content-length": "1000" }],
    ];
    for (const [title, headers] of heads) {
      if (host.protocol === "http2" && title === "chunked") continue;
      row(host, `${reason} during an answer (${title}) breaks it off visibly (HIN-17)`, async () => {
        const closed = new Gate();
        const kind = host.streams[0] ?? "web";
        const served = await serve(host, async () => ({
          headers: { "content-type": "text/plain", ...headers },
          body: endlessBody(kind, closed.open),
        }));
        const request = served.client.send();
        await request.received("first part");
        const [call] = await served.calls(1);
        call?.operation.cancel(reason);
        const answer = await request.answer;
        expect(answer).toMatchObject({ status: 200, body: "first part ", isComplete: false });
        await closed.opened;
        const [end] = await served.ends(1);
        expect(end).toMatchObject({ status: 200, sent: "cut", reason });
        expect(end?.operation.status).toBe("cancelled");
        expect(served.reports).toEqual([]);
        expect(served.errors).toEqual([]);
      });
    }
  }
}
