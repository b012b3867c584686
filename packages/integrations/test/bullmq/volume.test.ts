import { afterAll, expect, test } from "vitest";
import { startRedis } from "../servers/redis.ts";
import { runVolume } from "./volume.ts";

const server = await startRedis();
afterAll(() => server?.stop());

test.skipIf(server === undefined)(
  "of many jobs on three processes, one of which is killed, each ends as asked, none is lost, and none runs after the answer (JOB-01, JOB-02)",
  async () => {
    const { answers, problems } = await runVolume({
      port: server?.port ?? 0,
      jobs: 150,
      cancelled: 30,
      processes: 3,
    });
    expect(problems).toEqual([]);
    expect(Object.values(answers).reduce((sum, count) => sum + count, 0)).toBe(30);
  },
  60_000,
);
