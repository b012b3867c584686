/* Deadlines of callers. */

import { currentDeadline, getBackend } from "@hother/cancelable";
import { expect } from "vitest";
import type { Host, Reply } from "./host.ts";
import { row } from "./row.ts";
import { serve, serveRoutes } from "./serve.ts";

/** Answers with the time that is left, in seconds. The process may stand still for less than the unit of 10 s. */
const timeLeft = async (): Promise<Reply> => ({
  body: String(Math.ceil((currentDeadline() - getBackend().now()) / 10_000) * 10),
});

export function deadlineRows(host: Host): void {
  const limits = [
    { header: "600000", own: undefined, hop: undefined, route: undefined, seconds: "600" },
    { header: "600000", own: 300_000, hop: undefined, route: undefined, seconds: "300" },
    { header: "200000", own: 300_000, hop: undefined, route: undefined, seconds: "200" },
    { header: "200000", own: 300_000, hop: 50_000, route: undefined, seconds: "150" },
    { header: "200000", own: 300_000, hop: 50_000, route: 100_000, seconds: "100" },
    { header: "600000", own: 300_000, hop: 50_000, route: 500_000, seconds: "300" },
    { header: undefined, own: 300_000, hop: 50_000, route: undefined, seconds: "300" },
    { header: undefined, own: undefined, hop: undefined, route: undefined, seconds: "Infinity" },
  ] as const;
  for (const { header, own, hop, route, seconds } of limits) {
    row(
      host,
      `header ${header}, own limit ${own}, hop budget ${hop}, route limit ${route}: ${seconds} s (DL-02)`,
      async () => {
        const served = await serveRoutes(
          host,
          [{ method: "GET", pattern: "/things/:id", timeout: route, handle: timeLeft }],
          { timeout: own, callerDeadline: { trust: true, hopBudget: hop } },
        );
        const headers = header === undefined ? {} : { "x-request-timeout-ms": header };
        expect((await served.client.send({ headers }).answer)?.body).toBe(seconds);
      },
    );
  }

  const malformed = ["-5", "", "1e3", "0x10", "+5", "12345678901234567890", "NaN", "5, 6", "1.5", "0", "5s"];
  for (const value of malformed) {
    row(host, `the header ${JSON.stringify(value)} is ignored and reported once (DL-03)`, async () => {
      const served = await serve(host, timeLeft, { timeout: 300_000, callerDeadline: { trust: true } });
      const answer = await served.client.send({ headers: { "x-request-timeout-ms": value } }).answer;
      expect(answer).toMatchObject({ status: 200, body: "300" });
      expect(served.reports).toHaveLength(1);
      expect(served.reports[0]).toMatchObject({ source: "the deadline header of a request" });
      expect(String(served.reports[0]?.error)).toContain("x-request-timeout-ms");
    });
  }

  row(host, "without the option the header is ignored (DL-04)", async () => {
    const served = await serve(host, timeLeft, { timeout: 300_000 });
    const answer = await served.client.send({ headers: { "x-request-timeout-ms": "1000" } }).answer;
    expect(answer?.body).toBe("300");
  });

  const trusts = [
    { trust: true, seconds: "100" },
    { trust: false, seconds: "300" },
    { trust: ["127.0.0.0/8", "::1"], seconds: "100" },
    { trust: ["10.0.0.0/8"], seconds: "300" },
    { trust: () => true, seconds: "100" },
    { trust: () => false, seconds: "300" },
  ] as const;
  for (const { trust, seconds } of trusts) {
    const title = typeof trust === "function" ? String(trust) : JSON.stringify(trust);
    row(host, `a header of a caller with trust ${title}: ${seconds} s (DL-04)`, async () => {
      const served = await serve(host, timeLeft, { timeout: 300_000, callerDeadline: { trust } });
      const answer = await served.client.send({ headers: { "x-request-timeout-ms": "100000" } }).answer;
      expect(answer?.body).toBe(seconds);
      expect(served.reports).toEqual([]);
    });
  }

  row(
    host,
    "a caller that allows less than the hop budget gets 504, and the handler is not called (DL-02)",
    async () => {
      const served = await serve(host, timeLeft, { callerDeadline: { trust: true, hopBudget: 5_000 } });
      const answer = await served.client.send({ headers: { "x-request-timeout-ms": "1000" } }).answer;
      expect(answer).toMatchObject({ status: 504, isComplete: true });
      const [end] = await served.ends(1);
      expect(end).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
      expect(await Promise.race([served.calls(1), undefined])).toBe(undefined);
    },
  );
}
