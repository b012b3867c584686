import { Readable } from "node:stream";
import { setReporter, sleep } from "@hother/cancelable";
import { expect, onTestFinished, test } from "vitest";
import { Gate } from "../server-kit/gate.ts";
import { Application } from "./application.ts";

const request = { path: "/" };
const forever = async () => sleep({ minutes: 10 });

test("an error of the handler is answered by Fastify, and fails the operation", async () => {
  const application = await Application.start();
  const failure = Object.assign(new Error("no such user"), { statusCode: 404 });
  application.app.get("/", async () => {
    throw failure;
  });
  const connection = await application.send(request);
  expect(await connection.answer()).toMatchObject({ status: 404, isComplete: true });
  const { operation, ...end } = await application.end();
  expect(end).toMatchObject({ status: 404, sent: "whole", reason: undefined });
  expect(operation.status).toBe("failed");
  expect(operation.context.failure?.error).toBe(failure);
});

test.each(["onRequest", "preHandler"] as unknown as ["onRequest"])(
  "an error of a hook %s fails the operation",
  async (hook) => {
    const application = await Application.start();
    const failure = new Error("not allowed");
    application.app.addHook(hook, async () => {
      throw failure;
    });
    application.app.get("/", async () => "ok");
    expect((await application.app.inject("/")).statusCode).toBe(500);
    const { operation } = await application.end();
    expect(operation.context.failure?.error).toBe(failure);
  },
);

test("a stream that fails after the head is a failure of the server, and no client has left (HIN-17)", async () => {
  const application = await Application.start();
  application.app.get("/", async (_request, reply) =>
    reply.send(
      Readable.from(
        (async function* () {
          yield "part";
          await sleep(5);
          throw new Error("the disk is gone");
        })(),
      ),
    ),
  );
  const connection = await application.send(request);
  expect(await connection.answer()).toMatchObject({ body: "part", isComplete: false });
  const { operation, ...end } = await application.end();
  expect(end).toMatchObject({ sent: "cut", reason: undefined });
  expect([operation.status, operation.isCancelled]).toEqual(["failed", false]);
});

test("after a time limit neither further hooks nor the handler are called (HIN-16)", async () => {
  const application = await Application.start({ timeout: 20 });
  const calls: string[] = [];
  const hook = new Gate();
  application.app.addHook("preHandler", () => hook.opened);
  application.app.addHook("preHandler", async () => void calls.push("second hook"));
  application.app.addHook("onSend", async () => void calls.push("onSend"));
  application.app.get("/", async () => calls.push("handler"));
  const connection = await application.send(request);
  expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
  hook.open();
  await application.end();
  await sleep(0);
  expect(calls).toEqual([]);
  expect(application.problems).toEqual([]);
});

test("a time limit that passes while a hook onSend works on the handler's answer answers once (HIN-16)", async () => {
  const application = await Application.start({ timeout: 20 });
  const hook = new Gate();
  application.app.addHook("onSend", async (_request, _reply, payload) => {
    await hook.opened;
    return payload;
  });
  application.app.get("/", async () => "late");
  const connection = await application.send(request);
  expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
  hook.open();
  expect(await application.end()).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
  await connection.send("GET /missing HTTP/1.1\r\nhost: localhost\r\n\r\n");
  expect(await connection.answer()).toMatchObject({ status: 404, isComplete: true });
  expect(application.problems).toEqual([]);
});

test("a stream that the handler answers with too late is closed (HIN-16)", async () => {
  const application = await Application.start();
  const closed: string[] = [];
  const gate = new Gate();
  const late = (name: string) =>
    new Readable({ read() {}, destroy: (_error, done) => done(void closed.push(name) as never) });
  const web = new ReadableStream({ cancel: () => void closed.push("web") });
  application.app.get("/", async (request, reply) => {
    request.operation.limit(1); // a limit from before could keep the handler from running
    await gate.opened;
    reply.send(late("sent"));
    reply.send(new Response(web));
    return late("returned");
  });
  const connection = await application.send(request);
  expect(await connection.answer()).toMatchObject({ status: 504 });
  gate.open();
  await expect.poll(() => closed).toEqual(["sent", "web", "returned"]);
  expect(application.problems).toEqual([]);
});

test("a handler with callbacks that sends after the client has left gets no error (HIN-18)", async () => {
  const application = await Application.start();
  const waiting = new Gate();
  const cancelled = new Gate();
  const sent = new Gate();
  application.app.get("/", (request, reply) => {
    request.operation.signal.addEventListener("abort", cancelled.open);
    waiting.open();
    void cancelled.opened.then(() => {
      reply.code(201).header("x-late", "1").send({ late: true });
      reply.raw.write("late");
      reply.raw.end("late");
      sent.open();
    });
  });
  const connection = await application.send(request);
  await waiting.opened;
  connection.leave();
  await sent.opened;
  expect(await application.end()).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
  await sleep(0);
  expect(application.lines.filter(({ msg }) => !/listening|incoming/.test(msg))).toEqual([
    expect.objectContaining({ level: 30, msg: "the client left", operation: "GET /", statusCode: 499 }),
  ]);
});

test("an error of the handler's own after the client has left is logged, and fails the operation", async () => {
  const application = await Application.start();
  const waiting = new Gate();
  application.app.get("/", async () => {
    waiting.open();
    await forever().catch(() => {});
    throw new Error("clean-up failed");
  });
  const connection = await application.send(request);
  await waiting.opened;
  connection.leave();
  const { operation, ...end } = await application.end();
  expect(end).toMatchObject({ status: 499, reason: "disconnect" });
  expect(operation.status).toBe("failed");
  await expect
    .poll(() => application.problems)
    .toMatchObject([{ level: 50, err: { message: "clean-up failed" } }]);
});

test("a header that Node refuses is reported, and the request is answered without it", async () => {
  const reports: unknown[] = [];
  const before = setReporter((_error, source) => reports.push(source));
  onTestFinished(() => void setReporter(before));
  const application = await Application.start();
  application.app.get("/", async (request, reply) => {
    reply.header("x-bad", "a\nb").header("x-good", "1");
    request.operation.limit(1); // a limit from before could keep the handler from running
    await forever();
  });
  const connection = await application.send(request);
  const answer = await connection.answer();
  expect(answer).toMatchObject({ status: 504, headers: { "x-good": "1" } });
  expect(reports).toEqual(["the header x-bad of GET /"]);
});

test("without request logging, nothing is logged for a client that left", async () => {
  const application = await Application.start(undefined, { disableRequestLogging: true });
  const waiting = new Gate();
  application.app.get("/", async () => {
    waiting.open();
    await forever();
  });
  const connection = await application.send(request);
  await waiting.opened;
  connection.leave();
  await application.end();
  expect(application.lines.filter(({ msg }) => !/listening/.test(msg))).toEqual([]);
});
