import { Cancellable, failAfter } from "@hother/cancelable";
import axios, { type AxiosError, type AxiosInstance, CanceledError } from "axios";
import { describe, expect, test } from "vitest";
import { cancellableAxios } from "../../src/axios/index.ts";
import { type ClientUnderTest, clientCases } from "../http/client-cases.ts";
import { ScriptedServer } from "../http/scripted-server.ts";

for (const adapter of ["http", "fetch"] as const) {
  const getOf =
    (instance: AxiosInstance): ClientUnderTest["get"] =>
    async (url, options) =>
      (await instance.get(url, options)).data;
  const http = cancellableAxios(axios.create({ adapter }));
  clientCases(`axios, adapter ${adapter}`, {
    get: getOf(http),
    withHeader: (deadlineHeader) => getOf(cancellableAxios(axios.create({ adapter }), { deadlineHeader })),
    ownSignal: "cause",
    stream: async (url) => (await http.get(url, { responseType: "stream" })).data,
  });
}

describe("an axios instance", () => {
  test("rejects with axios' own error for a signal of the caller", async () => {
    const http = cancellableAxios(axios.create());
    await using server = await ScriptedServer.start(() => {});
    const controller = new AbortController();
    const error = http.get(server.url, { signal: controller.signal }).catch((reason: unknown) => reason);
    await server.received(1);
    controller.abort("left");
    expect(await error).toBeInstanceOf(CanceledError);
    expect(axios.isCancel(await error)).toBe(true);
    expect(await error).toMatchObject({ cause: "left", config: { signal: controller.signal } });
  });

  test("sends a configuration again with the signal of its caller, as an interceptor that retries does", async () => {
    const http = cancellableAxios(axios.create());
    const controller = new AbortController();
    http.interceptors.response.use(undefined, (error: AxiosError) => {
      if (error.response === undefined) throw error;
      expect(error.config?.signal).toBe(controller.signal);
      return http(error.config ?? {});
    });
    await using server = await ScriptedServer.start((response, _, before) => {
      if (before === 0) response.writeHead(503).end("later");
      else controller.abort("left");
    });
    const seen = await failAfter(10_000, () =>
      http.get(server.url, { signal: controller.signal }).catch((error: unknown) => error),
    );
    expect(seen).toMatchObject({ name: "CanceledError", cause: "left" });
    expect(server.requests).toHaveLength(2);
  });

  test("sends no further attempt once the operation is cancelled (HOUT-03)", async () => {
    const http = cancellableAxios(axios.create());
    const op = new Cancellable();
    http.interceptors.response.use(undefined, (error: AxiosError) => {
      if (error.response === undefined) throw error;
      op.cancel("quota");
      return http(error.config ?? {});
    });
    await using server = await ScriptedServer.start((response) => response.writeHead(429).end());
    const outcome = await op.settle(() => http.get(server.url));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    expect(server.requests).toHaveLength(1);
  });

  test("keeps the failures of a request, with the configuration of the caller", async () => {
    const http = cancellableAxios(axios.create());
    await using server = await ScriptedServer.start((response) => response.writeHead(500).end("broken"));
    const { signal } = new AbortController();
    const error = (await http.get(server.url, { signal }).catch((reason: unknown) => reason)) as AxiosError;
    expect(axios.isAxiosError(error)).toBe(true);
    expect(error.response).toMatchObject({ status: 500, data: "broken" });
    expect([error.config?.signal, error.response?.config.signal]).toEqual([signal, signal]);
  });

  test("is refused if it is none, or was passed before, and so is an unknown option", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableAxios(wrong({}))).toThrow(
      "instance must be an axios instance, such as axios.create(); got {}",
    );
    expect(() => cancellableAxios(wrong(undefined))).toThrow(TypeError);
    const http = cancellableAxios(axios.create());
    expect(() => cancellableAxios(http)).toThrow("that cancellableAxios has not got before");
    expect(() => cancellableAxios(axios.create(), wrong({ header: "x" }))).toThrow(
      "options.header is not an option",
    );
    expect(() => cancellableAxios(axios.create(), { deadlineHeader: "no name" })).toThrow(
      "options.deadlineHeader",
    );
  });
});
