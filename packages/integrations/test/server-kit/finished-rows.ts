/* Requests that are answered to their end: nothing is cancelled. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { currentOperation, OperationRegistry, sleep } from "@hother/cancelable";
import { expect, onTestFinished } from "vitest";
import type { Host, Reply } from "./host.ts";
import { row } from "./row.ts";
import { serve, serveRoutes } from "./serve.ts";

/** Lets events that are already on their way arrive. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate();
}

export function finishedRows(host: Host): void {
  const finished = [
    { title: "GET", method: "GET", reply: { body: "ok" }, body: "ok" },
    { title: "HEAD", method: "HEAD", reply: { headers: { "content-length": "2" } }, body: "" },
    { title: "204", method: "GET", reply: { status: 204 }, body: "" },
    { title: "304", method: "GET", reply: { status: 304, headers: { etag: '"1"' } }, body: "" },
  ] as const;
  for (const { title, method, reply, body } of finished) {
    row(host, `a finished ${title} is not cancelled, and its operation has ended (HIN-01)`, async () => {
      const registry = new OperationRegistry();
      const served = await serve(host, async () => reply, { register: registry });
      for (const count of [1, 2]) {
        const answer = await served.client.send({ method }).answer;
        expect(answer).toMatchObject({ status: (reply as Reply).status ?? 200, body, isComplete: true });
        await served.ends(count);
      }
      served.client.close();
      await turns();
      for (const { operation, ...end } of await served.ends(2)) {
        expect([operation.status, operation.isCancelled]).toEqual(["completed", false]);
        expect(end).toMatchObject({
          name: `${method} /things/:id`,
          status: (reply as Reply).status ?? 200,
          sent: "whole",
          reason: undefined,
        });
      }
      expect(registry.list()).toEqual([]);
      expect(served.reports).toEqual([]);
    });
  }

  for (const [title, type] of [
    ["JSON", "application/json"],
    ["bytes", "application/octet-stream"],
  ] as const) {
    row(host, `a body of ${title} that was read to its end is no disconnect (HIN-02)`, async () => {
      const served = await serve(host, async (call) => {
        const text = await call.text();
        // A host whose signal is wrong cancels now.
        await sleep(50);
        return { body: text };
      });
      const sent = { method: "POST", headers: { "content-type": type }, body: '{"a":1}' } as const;
      const answer = await served.client.send(sent).answer;
      expect(answer).toMatchObject({ status: 200, body: '{"a":1}' });
      const [end] = await served.ends(1);
      expect(end?.operation.status).toBe("completed");
      expect(served.reports).toEqual([]);
    });
  }

  row(host, "200 requests at once never see each other's operation (HIN-13)", async () => {
    const seen: boolean[] = [];
    const served = await serve(host, async ({ operation, text }) => {
      const look = () => seen.push(currentOperation() === operation);
      look();
      for (let step = 0; step < 3; step++) {
        await sleep(Math.random() * 10);
        look();
      }
      const body = await text();
      look();
      return { body: `${body} ${operation.id}` };
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => served.client.send({ method: "POST", body: String(i) }).answer),
    );
    expect(new Set(answers.map((answer) => answer?.body)).size).toBe(200);
    answers.forEach((answer, i) => {
      expect(answer?.body.split(" ")[0]).toBe(String(i));
    });
    expect(seen.length).toBe(1_000);
    expect(seen).not.toContain(false);
    const ends = await served.ends(200);
    expect(new Set(ends.map(({ operation }) => operation.id)).size).toBe(200);
    expect(ends.every(({ operation }) => operation.status === "completed")).toBe(true);
  });

  row(host, "the name is the method and the pattern of the route (HIN-14)", async () => {
    const handle = async (): Promise<Reply> => ({ body: "ok" });
    const served = await serveRoutes(host, [
      { method: "GET", pattern: "/users/:id", handle },
      { method: "POST", pattern: "/users/:id", handle },
      { method: "GET", pattern: "/things/:thing/parts", mount: "/api", handle },
    ]);
    const requests = [
      ["GET", "/users/17", "GET /users/:id"],
      ["POST", "/users/17", "POST /users/:id"],
      ["GET", "/api/things/17/parts", "GET /api/things/:thing/parts"],
      ["GET", "/nothing/17", "GET (no route)"],
    ] as const;
    for (const [i, [method, path, name]] of requests.entries()) {
      const answer = await served.client.send({ method, path }).answer;
      expect(answer?.status).toBe(name.includes("no route") ? 404 : 200);
      const end = (await served.ends(i + 1))[i];
      expect([end?.name, end?.operation.name]).toEqual([name, name]);
    }
  });

  row(host, "an upload of 5 MB arrives unchanged, also after a pause (HIN-15)", async () => {
    const upload = Buffer.alloc(5_000_000, "0123456789abcdef-");
    const served = await serve(host, async (call) => {
      const hash = createHash("sha256");
      let chunks = 0;
      for await (const chunk of call.chunks()) {
        hash.update(chunk);
        if (++chunks % 20 === 0) await turns();
      }
      return { body: hash.digest("hex") };
    });
    const headers = { "content-type": "application/octet-stream" };
    const answer = await served.client.send({ method: "POST", headers, body: upload }).answer;
    expect(answer?.body).toBe(createHash("sha256").update(upload).digest("hex"));
    expect((await served.ends(1))[0]?.operation.status).toBe("completed");
  });

  row(host, "a handler can pass its body on to another server (HIN-15)", async () => {
    const upstream = createServer(async (request, response) => {
      const hash = createHash("sha256");
      for await (const chunk of request) hash.update(chunk as Buffer); // no encoding is set
      response.end(hash.digest("hex"));
    });
    await once(upstream.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => {
      upstream.close();
    });
    const { port } = upstream.address() as AddressInfo;
    const served = await serve(host, async (call) => {
      const passed = request({ port, host: "127.0.0.1", method: "POST", agent: false });
      const answered = once(passed, "response");
      await pipeline(Readable.from(call.chunks()), passed);
      const [answer] = (await answered) as [IncomingMessage];
      return {
        body: await answer.setEncoding("latin1").reduce((all: string, text: string) => all + text, ""),
      };
    });
    const upload = Buffer.alloc(1_000_000, "0123456789abcdef-");
    const headers = { "content-type": "application/octet-stream" };
    const answer = await served.client.send({ method: "POST", headers, body: upload }).answer;
    expect(answer?.body).toBe(createHash("sha256").update(upload).digest("hex"));
    expect((await served.ends(1))[0]?.operation.status).toBe("completed");
  });
}
