import { expect, test } from "vitest";
import { CancelScope, type SignalName, SignalReceiver, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { until, usage } from "../until.ts";

/** Sends a signal to this process and waits until it has been delivered. */
async function send(signal: SignalName): Promise<void> {
  const delivered = new Promise<void>((resolve) => process.once(signal, () => resolve()));
  process.kill(process.pid, signal);
  await delivered;
}

describeEverywhere("SignalReceiver", (everywhere) => {
  everywhere("signals arrive in order, whether a call waits for them or not (CONF-Q01)", async () => {
    using signals = new SignalReceiver("SIGUSR2", "SIGHUP");
    await send("SIGHUP");
    expect(await signals.next()).toEqual({ done: false, value: "SIGHUP" });
    await taskGroup(async (group) => {
      const next = group.startSoon(() => signals.next());
      await sleep(1);
      process.kill(process.pid, "SIGUSR2");
      expect(await next).toEqual({ done: false, value: "SIGUSR2" });
    });
    await send("SIGUSR2");
    for await (const signal of signals) {
      expect(signal).toBe("SIGUSR2");
      break;
    }
  });

  everywhere(
    "a signal that comes again before it is taken counts once, and different signals take turns (CONF-Q01)",
    async () => {
      using signals = new SignalReceiver("SIGUSR2", "SIGHUP", "SIGUSR2");
      expect(signals.signals).toEqual(["SIGUSR2", "SIGHUP"]);
      for (const signal of ["SIGUSR2", "SIGUSR2", "SIGHUP", "SIGUSR2"] as const) await send(signal);
      const first = (await signals.next()).value;
      await send("SIGUSR2");
      expect([first, (await signals.next()).value, (await signals.next()).value]).toEqual([
        "SIGUSR2",
        "SIGHUP",
        "SIGUSR2",
      ]);
      const scope = new CancelScope({ timeout: 5 });
      await scope.run(() => signals.next());
      expect(scope.cancelledCaught).toBe(true);
    },
  );

  everywhere("a second next() at the same time is refused (CONF-Q05)", async () => {
    using signals = new SignalReceiver("SIGUSR2");
    await taskGroup(async (group) => {
      const next = group.startSoon(() => signals.next());
      await sleep(1);
      expect(await rejection(signals.next())).toMatchObject(usage("ERR_BUSY"));
      process.kill(process.pid, "SIGUSR2");
      expect((await next).value).toBe("SIGUSR2");
    });
  });

  everywhere("a cancelled wait takes no signal, and the next caller may wait", async () => {
    using signals = new SignalReceiver("SIGUSR2");
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(() => signals.next());
    await send("SIGUSR2");
    const cancelled = new CancelScope();
    await cancelled.run(async () => {
      cancelled.cancel();
      expect(await rejection(signals.next())).toMatchObject({ name: "AbortError" });
    });
    expect((await signals.next()).value).toBe("SIGUSR2");
  });

  everywhere("a closed receiver does not listen, and reading it is an error (CONF-Q06)", async () => {
    const signals = new SignalReceiver("SIGUSR2");
    expect(process.listenerCount("SIGUSR2")).toBe(1);
    await taskGroup(async (group) => {
      const waiting = group.startSoon(() => rejection(signals.next()));
      await sleep(1);
      signals[Symbol.dispose]();
      expect(await waiting).toMatchObject(usage("ERR_CLOSED"));
    });
    signals[Symbol.dispose]();
    expect(process.listenerCount("SIGUSR2")).toBe(0);
    expect(await rejection(signals.next())).toMatchObject(usage("ERR_CLOSED"));
    expect(
      await rejection(
        (async () => {
          for await (const _ of signals) expect.fail("closed");
        })(),
      ),
    ).toMatchObject(usage("ERR_CLOSED"));
  });

  everywhere(
    "a signal that was not taken before the close goes to other listeners, or is reported (CONF-Q07)",
    async (t) => {
      const signals = new SignalReceiver("SIGUSR2", "SIGHUP");
      await send("SIGUSR2");
      await send("SIGHUP");
      const heard: unknown[] = [];
      const other = (signal: unknown): void => void heard.push(signal);
      process.on("SIGUSR2", other);
      signals[Symbol.dispose]();
      process.removeListener("SIGUSR2", other);
      expect(heard).toEqual(["SIGUSR2"]);
      expect(t.reported.splice(0)).toMatchObject([{ message: "SIGHUP arrived and was not read" }]);
    },
  );

  everywhere("every receiver gets each signal", async () => {
    using one = new SignalReceiver("SIGUSR2");
    using two = new SignalReceiver("SIGUSR2");
    await send("SIGUSR2");
    expect([(await one.next()).value, (await two.next()).value]).toEqual(["SIGUSR2", "SIGUSR2"]);
  });

  everywhere("the names must be signals that can be handled, at least one (CONF-Q03)", async () => {
    const make = (...signals: unknown[]) => new SignalReceiver(...(signals as ["SIGINT"]));
    expect(() => make()).toThrow(/^signals\[0\] must be the name of a signal/);
    expect(() => make("SIGUSR2", "SIGNOTHING")).toThrow(/^signals\[1\] must be the name of a signal/);
    expect(() => make("SIGKILL")).toThrow(/^signals\[0\] must be a signal that can be handled/);
    await until(() => process.listenerCount("SIGUSR2") === 0);
  });
});

test("a receiver does not keep the process alive, and its signal does not end the process", async () => {
  const { code, signal, output } = await runScript(`
    import { SignalReceiver } from "@hother/cancelable";
    const signals = new SignalReceiver("SIGHUP");
    const alive = setInterval(() => {}, 1_000);
    process.kill(process.pid, "SIGHUP");
    console.log((await signals.next()).value);
    clearInterval(alive);
    void signals.next();
    process.on("exit", () => console.log("end"));
  `);
  expect([code, signal, output]).toEqual([0, null, "SIGHUP\nend\n"]);
});
