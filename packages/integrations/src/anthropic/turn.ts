import type { AnswerRecord } from "../model/partial-answer.ts";
import { followHelper, type SdkHelper } from "../model/sdk-helper.ts";
import { type AnthropicChunk, addChunk } from "./record.ts";

export function isHelper(value: unknown): value is SdkHelper {
  const { controller, _emit } = (value ?? {}) as Partial<SdkHelper>;
  return controller instanceof AbortController && typeof _emit === "function";
}

/** Follows one turn of a message thread. The thread reads the answer past the client, so its events fill the record. */
export function followTurn(turn: SdkHelper, record: AnswerRecord): SdkHelper {
  followHelper(turn, "a stream of a message thread", record);
  turn.on("streamEvent", (event) => {
    const chunk = event as AnthropicChunk; // the value of this event
    addChunk(record, chunk);
    if (chunk.type === "message_stop") record.complete();
  });
  return turn;
}
