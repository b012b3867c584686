/* What clients of HTTP/1 do on one connection. */

import { sleep } from "@hother/cancelable";
import { expect } from "vitest";
import { turns } from "./finished-rows.ts";
import { Gate } from "./gate.ts";
import type { Call, Host, Reply } from "./host.ts";
import { RawConnection, requestText } from "./raw-connection.ts";
import { row } from "./row.ts";
import { serve } from "./serve.ts";

/** Waits until the operation is cancelled. */
const forever = async (): Promise<Reply> => {
  await sleep({ minutes: 10 });
  return {};
};
const afterBody = async (call: Call): Promise<Reply> => {
  await call.text();
  return forever();
};
const bytes = { "content-type": "application/octet-stream" };

export function http1Rows(host: Host): void {
  const bodies = [
    { title: "with a length", head: { ...bytes, "content-length": "5" }, body: "hello" },
    { title: "chunked", head: { ...bytes, "transfer-encoding": "chunked" }, body: "5\r\nhello\r\n0\r\n\r\n" },
  ];
  for (const { title, head, body } of bodies)
    for (const how of ["FIN", "RST"] as const) {
      row(
        host,
        `a client that leaves by ${how} after its body (${title}) was read cancels (HIN-03)`,
        async () => {
          const read = new Promise<void>((resolve) => {
            onRead = resolve;
          });
          const served = await serve(host, async (call) => {
            await call.text();
            onRead();
            return forever();
          });
          const connection = await RawConnection.open(served.port);
          await connection.send(requestText({ method: "POST", headers: head }) + body);
          await read;
          connection.leave(how);
          expect((await served.ends(1))[0]).toMatchObject({
            status: 499,
            reason: "disconnect",
            sent: "nothing",
          });
        },
      );
      let onRead: () => void;

      row(
        host,
        `leaving by ${how} in the middle of the body (${title}) cancels, and the read fails (HIN-04)`,
        async () => {
          const errors: unknown[] = [];
          const served = await serve(host, async (call) => {
            await call.text().catch((error: unknown) => {
              errors.push(error);
              throw error;
            });
            return {};
          });
          const connection = await RawConnection.open(served.port);
          await connection.send(requestText({ method: "POST", headers: head }) + body.slice(0, -3));
          await served.calls(1);
          connection.leave(how);
          const [end] = await served.ends(1);
          expect(end).toMatchObject({ status: 499, reason: "disconnect", sent: "nothing" });
          expect(errors).toHaveLength(1);
          expect(served.reports).toEqual([]);
          expect(served.errors).toEqual([]);
        },
      );
    }

  row(
    host,
    "of two requests on one connection only the one that was left is cancelled (HIN-06)",
    async () => {
      const served = await serve(host, async ({ operation }) =>
        operation.name?.startsWith("HEAD") === true ? {} : forever(),
      );
      const connection = await RawConnection.open(served.port);
      await connection.send(requestText({ method: "HEAD" }));
      expect(await connection.answer("HEAD")).toMatchObject({ status: 200 });
      await connection.send(requestText());
      await served.calls(2);
      connection.leave();
      const [first, second] = await served.ends(2);
      expect([first?.operation.status, second?.operation.status]).toEqual(["completed", "cancelled"]);
      expect([first?.reason, second?.reason]).toEqual([undefined, "disconnect"]);
    },
  );

  row(host, "three pipelined requests that were left are all cancelled (HIN-07)", async () => {
    const served = await serve(host, forever);
    const connection = await RawConnection.open(served.port);
    await connection.send(requestText().repeat(3));
    await served.calls(3);
    connection.leave();
    const ends = await served.ends(3);
    expect(ends.map(({ reason, status }) => [reason, status])).toEqual(Array(3).fill(["disconnect", 499]));
  });

  const expecting = { ...bytes, "content-length": "5", expect: "100-continue" };
  row(host, "a client that waits for 100 continues and is answered (HIN-08)", async () => {
    const served = await serve(host, async (call) => ({ body: await call.text() }));
    const connection = await RawConnection.open(served.port);
    await connection.send(requestText({ method: "POST", headers: expecting }));
    expect((await connection.answer())?.status).toBe(100);
    await connection.send("hello");
    expect(await connection.answer()).toMatchObject({ status: 200, body: "hello" });
    expect((await served.ends(1))[0]?.operation.status).toBe("completed");
  });

  row(host, "a client that leaves after 100 and before its body cancels (HIN-08)", async () => {
    const served = await serve(host, afterBody);
    const connection = await RawConnection.open(served.port);
    await connection.send(requestText({ method: "POST", headers: expecting }));
    expect((await connection.answer())?.status).toBe(100);
    await served.calls(1);
    connection.leave();
    expect((await served.ends(1))[0]).toMatchObject({ status: 499, reason: "disconnect" });
  });

  row(host, "a client that only ends its sending counts as one that left (HIN-10)", async () => {
    const served = await serve(host, forever);
    const connection = await RawConnection.open(served.port);
    await connection.send(requestText());
    await served.calls(1);
    connection.socket.end();
    expect((await served.ends(1))[0]).toMatchObject({ status: 499, reason: "disconnect" });
    expect(await connection.answer()).toBe(undefined);
  });

  row(host, "a client that leaves behind a large body is noticed when code reads (HIN-10)", async () => {
    const gate = new Gate();
    const served = await serve(host, async (call) => {
      await gate.opened;
      for await (const _ of call.chunks());
      return {};
    });
    const connection = await RawConnection.open(served.port);
    const head = { ...bytes, "content-length": "5000000" };
    await connection.send(requestText({ method: "POST", headers: head }));
    const [call] = await served.calls(1);
    // More than the system and the server keep for a reader.
    connection.socket.write(Buffer.alloc(4_000_000));
    for (let before = -1; before !== connection.socket.bytesWritten - connection.socket.writableLength; ) {
      before = connection.socket.bytesWritten - connection.socket.writableLength;
      await sleep(50);
    }
    connection.leave();
    await connection.closed();
    await turns();
    expect(call?.operation.isCancelled).toBe(false);
    gate.open();
    expect((await served.ends(1))[0]).toMatchObject({ status: 499, reason: "disconnect", sent: "nothing" });
  });

  row(host, "the connection is usable after an answer in the place of the handler's (HIN-16)", async () => {
    let calls = 0;
    const served = await serve(
      host,
      async () => {
        if (calls++ === 0) await sleep({ minutes: 10 });
        return { body: "second" };
      },
      { timeout: 100 },
    );
    const connection = await RawConnection.open(served.port);
    await connection.send(requestText());
    expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
    await connection.send(requestText());
    // A server under load can have exceeded the limit again.
    expect([200, 504]).toContain((await connection.answer())?.status);
    await served.ends(2);
  });

  row(host, "a client whose body stalls gets its 504, and no connection stays blocked (HIN-16)", async () => {
    const served = await serve(host, async (call) => ({ body: await call.text() }), { timeout: 50 });
    const connection = await RawConnection.open(served.port);
    const head = { ...bytes, "content-length": "5" };
    await connection.send(`${requestText({ method: "POST", headers: head })}hel`);
    expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
    expect((await served.ends(1))[0]).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
    expect(served.reports).toEqual([]);
    expect(served.errors).toEqual([]);
    // The rest of the body can come, or the server has closed the connection. Either way it is not blocked.
    await connection.send("lo").catch(() => {});
    await connection.send(requestText()).catch(() => {});
    await Promise.race([connection.answer(), connection.closed()]);
  });

  row(host, "HEAD gets the head of the 504 alone (HIN-16)", async () => {
    const served = await serve(host, forever, { timeout: 50 });
    const connection = await RawConnection.open(served.port);
    await connection.send(requestText({ method: "HEAD" }));
    expect(await connection.answer("HEAD")).toMatchObject({ status: 504, body: "" });
    expect((await served.ends(1))[0]).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
    connection.socket.end();
    await connection.closed();
    expect(connection.rest).toBe("");
  });
}
