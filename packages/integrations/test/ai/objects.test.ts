import { Cancellable } from "@hother/cancelable";
import * as ai from "ai";
import { describe, expect, test, vi } from "vitest";
import { partialAnswer } from "../../src/ai/index.ts";
import { sends, silence, streams } from "../model/model-server.ts";
import { delta, embed, end, generateObject, part, start, stopped, streamObject, watchErrors } from "./kit.ts";

const { jsonSchema } = ai;
watchErrors();

describe("objects", () => {
  const schema = jsonSchema<{ a: string }>({ type: "object", properties: { a: { type: "string" } } });
  const begun = part({ type: "text-start", id: "0" }) + delta('{"a":"Hel');

  test("streamObject is stopped in the middle: loop and promises have the error of the scope (LLM-01)", async () => {
    await using used = await start(sends(begun));
    let answer: ReturnType<typeof streamObject> | undefined;
    let seen: unknown;
    const { op, thrown } = await stopped(async (own) => {
      const result = streamObject({ model: used.model, prompt: "x", schema });
      answer = result as unknown as typeof answer;
      for await (const partial of result.partialObjectStream) {
        seen = partial;
        own.cancel();
      }
    });
    expect(thrown).toBe(op.error);
    expect(seen).toEqual({ a: "Hel" });
    const result = answer as NonNullable<typeof answer>;
    for (const promise of [result.object, result.usage, result.finishReason])
      await expect(promise).rejects.toBe(op.error);
    expect(partialAnswer(result)).toMatchObject({ text: '{"a":"Hel', completed: false });
    await used.server.until(({ closed }) => closed === 1);
  });

  test("streamObject in a cancelled scope calls no model (LLM-02)", async () => {
    await using used = await start(sends(begun));
    const { op, thrown } = await stopped(async (own) => {
      own.cancel();
      await streamObject({ model: used.model, prompt: "x", schema }).object;
    });
    expect(thrown).toBe(op.error);
    expect(used.server.requests).toHaveLength(0);
  });

  test("streamObject that ends well gives its object", async () => {
    await using used = await start(streams(begun, delta('lo"}'), end));
    const onFinish = vi.fn();
    const op = new Cancellable();
    await op.run(async () => {
      const answer = streamObject({ model: used.model, prompt: "x", schema, onFinish });
      for await (const _ of answer.partialObjectStream);
      expect(await answer.object).toEqual({ a: "Hello" });
      expect(partialAnswer(answer)).toMatchObject({ finishReason: "stop", completed: true });
    });
    expect(onFinish).toHaveBeenCalledTimes(1);
  });

  test("generateObject rejects with the error of the scope (LLM-01)", async () => {
    await using used = await start(silence);
    const { op, thrown } = await stopped(
      () => generateObject({ model: used.model, prompt: "x", schema }),
      () => used.server.until(({ requests }) => requests.length === 1),
    );
    expect(thrown).toBe(op.error);
  });

  test("embed rejects with the error of the scope, and sends nothing in a cancelled scope (LLM-01, LLM-02)", async () => {
    await using used = await start(silence);
    const model = used.provider.embeddingModel("provider/embedding");
    const { op, thrown } = await stopped(
      () => embed({ model, value: "x" }),
      () => used.server.until(({ requests }) => requests.length === 1),
    );
    expect(thrown).toBe(op.error);
    await stopped(async (own) => {
      own.cancel();
      await embed({ model, value: "x" });
    });
    expect(used.server.requests).toHaveLength(1);
  });
});
