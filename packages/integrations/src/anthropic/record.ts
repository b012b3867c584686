import type Anthropic from "@anthropic-ai/sdk";
import type { AnswerRecord } from "../model/partial-answer.ts";

type Usage = Partial<Pick<Anthropic.MessageDeltaUsage, "input_tokens" | "output_tokens">>;

/** A part of a streamed answer, also of the beta resources. */
export type AnthropicChunk = Anthropic.MessageStreamEvent;

/** Adds a part of an answer. A part of another kind is left out. */
export function addChunk(record: AnswerRecord, chunk: AnthropicChunk): void {
  switch (chunk?.type) {
    case "message_start":
      addUsage(record, chunk.message.usage);
      break;
    case "content_block_start":
      addBlock(record, chunk.index, chunk.content_block);
      break;
    case "content_block_delta":
      addDelta(record, chunk);
      break;
    case "content_block_stop":
      record.endToolCall(chunk.index);
      break;
    case "message_delta":
      addUsage(record, chunk.usage);
      record.finish(chunk.delta.stop_reason ?? undefined);
  }
}

/** Adds an answer that came in one piece. */
export function addAnswer(record: AnswerRecord, data: unknown): void {
  const { type, content, usage, stop_reason } = (data ?? {}) as Partial<Anthropic.Message>;
  if (type !== "message" || content === undefined) return;
  addUsage(record, usage);
  for (const [index, block] of content.entries()) {
    addBlock(record, index, block);
    if (block.type !== "tool_use") continue;
    record.toolCall(index).arguments = JSON.stringify(block.input);
    record.endToolCall(index);
  }
  record.finish(stop_reason ?? undefined);
  record.complete();
}

function addUsage(record: AnswerRecord, usage: Usage | undefined): void {
  record.setUsage(usage?.input_tokens ?? undefined, usage?.output_tokens ?? undefined);
}

function addBlock(record: AnswerRecord, index: number, block: Anthropic.ContentBlock): void {
  if (block.type === "text") record.addText(block.text);
  else if (block.type === "thinking") record.addReasoning(block.thinking);
  else if (block.type === "tool_use")
    Object.assign(record.toolCall(index), { id: block.id, name: block.name });
}

function addDelta(record: AnswerRecord, { index, delta }: Anthropic.ContentBlockDeltaEvent): void {
  if (delta.type === "text_delta") record.addText(delta.text);
  else if (delta.type === "thinking_delta") record.addReasoning(delta.thinking);
  // The input of a tool of the server has no tool call here.
  else if (delta.type === "input_json_delta") record.addArguments(index, delta.partial_json);
}
