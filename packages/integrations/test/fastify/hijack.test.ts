import { sleep } from "@hother/cancelable";
import { expect, test } from "vitest";
import { Gate } from "../server-kit/gate.ts";
import { Application } from "./application.ts";

const request = { path: "/" };

test("a hijacked reply that the handler ends completes its operation, after the handler has returned (HIN-19)", async () => {
  const returned = new Gate();
  const application = await Application.start();
  application.app.get("/", (_request, reply) => {
    reply.hijack();
    void returned.opened.then(() => reply.raw.end("by hand"));
  });
  const connection = await application.send(request);
  returned.open();
  expect(await connection.answer()).toMatchObject({ status: 200, body: "by hand", isComplete: true });
  const { operation, ...end } = await application.end();
  expect(end).toMatchObject({ name: "GET /", status: 200, sent: "whole", reason: undefined });
  expect(operation.status).toBe("completed");
  expect(application.problems).toEqual([]);
});

test("a client that leaves a hijacked reply cancels (HIN-19)", async () => {
  const waiting = new Gate();
  const application = await Application.start();
  application.app.get("/", async (_request, reply) => {
    reply.hijack();
    waiting.open();
    await sleep({ minutes: 10 });
  });
  const connection = await application.send(request);
  await waiting.opened;
  connection.leave();
  expect(await application.end()).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
  expect(application.problems).toEqual([]);
});

test("a time limit sends no answer for a handler that has hijacked its reply, and closes the connection (HIN-19)", async () => {
  const application = await Application.start();
  application.app.get("/", async (request, reply) => {
    reply.hijack();
    request.operation.limit(1); // only now: a limit that has passed before would be answered
    await sleep({ minutes: 10 });
  });
  const connection = await application.send(request);
  expect(await connection.answer()).toBe(undefined);
  const { operation, ...end } = await application.end();
  expect(end).toMatchObject({ sent: "nothing", reason: "timeout" });
  expect(operation.status).toBe("cancelled");
  expect(application.problems.map(({ msg }) => msg)).toEqual(["the answer was broken off"]);
});

for (const [title, handler] of [
  ["rejects", () => Promise.reject(new Error("broken"))],
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
] as const)
  for (const head of [false, true])
    test(`a handler that ${title} after hijack() ${head ? "and after the head " : ""}closes the connection (HIN-19)`, async () => {
      const application = await Application.start();
      application.app.get("/", (_request, reply) => {
        reply.hijack();
        if (head) reply.raw.writeHead(200).write("a");
        return handler();
      });
      const connection = await application.send(request);
      const answer = await connection.answer();
      expect(answer?.isComplete === true).toBe(false);
      const { operation, ...end } = await application.end();
      expect(end).toMatchObject({ sent: head ? "cut" : "nothing", reason: undefined });
      expect(operation.status).toBe("failed");
      expect(operation.context.failure).toMatchObject({ error: { message: "broken" } });
      expect(application.problems.at(-1)).toMatchObject({ level: 40, msg: "the answer was broken off" });
    });

test("a handler that fails after it has ended a hijacked reply leaves the connection alone (HIN-19)", async () => {
  const application = await Application.start();
  application.app.get("/", async (_request, reply) => {
    reply.hijack();
    reply.raw.end("whole");
    throw new Error("broken");
  });
  const connection = await application.send(request);
  expect(await connection.answer()).toMatchObject({ body: "whole", isComplete: true });
  expect((await application.end()).operation.status).toBe("failed");
  await connection.send("GET /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect(await connection.answer()).toMatchObject({ status: 404 });
});
