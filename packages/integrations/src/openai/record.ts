import type OpenAI from "openai";
import type { AnswerRecord } from "../model/partial-answer.ts";

type ChatChunk = OpenAI.ChatCompletionChunk;
type ChatDelta = ChatChunk["choices"][number]["delta"];
type ResponseEvent = OpenAI.Responses.ResponseStreamEvent;

/** A part of a streamed answer: of chat completions, of responses, or of the older completions. */
export type OpenAIChunk = ChatChunk | ResponseEvent | OpenAI.Completion;

/** Adds a part of an answer. A part of another kind, such as one of an assistant's run, is left out. */
export function addChunk(record: AnswerRecord, chunk: OpenAIChunk): void {
  if (typeof chunk !== "object" || chunk === null) return;
  if ("choices" in chunk && Array.isArray(chunk.choices)) addChatChunk(record, chunk);
  else if ("type" in chunk && typeof chunk.type === "string") addEvent(record, chunk);
}

/** Adds an answer that came in one piece. */
export function addAnswer(record: AnswerRecord, data: unknown): void {
  const { choices } = (data ?? {}) as Partial<OpenAI.ChatCompletion>;
  if (!Array.isArray(choices)) return;
  const { message, finish_reason } = choices[0] ?? {};
  const parts = message?.tool_calls?.map((call, index) => ({ index, ...call }));
  const chunk = {
    choices: [{ index: 0, delta: { content: message?.content, tool_calls: parts }, finish_reason }],
    usage: (data as OpenAI.ChatCompletion).usage,
  };
  addChatChunk(record, chunk as ChatChunk); // the fields that are read
  record.complete();
}

function addChatChunk(record: AnswerRecord, { choices, usage }: ChatChunk | OpenAI.Completion): void {
  if (usage) record.setUsage(usage.prompt_tokens, usage.completion_tokens);
  for (const choice of choices) {
    if (choice.index !== 0) continue;
    if ("text" in choice) record.addText(choice.text);
    else if (choice.delta) addDelta(record, choice.delta);
    if (choice.finish_reason) {
      record.endToolCalls();
      record.finish(choice.finish_reason);
    }
  }
}

/** The reasoning is an extension of other providers with this API. */
function addDelta(
  record: AnswerRecord,
  delta: ChatDelta & { readonly reasoning_content?: string | null },
): void {
  if (delta.content) record.addText(delta.content);
  if (delta.refusal) record.addText(delta.refusal);
  if (delta.reasoning_content) record.addReasoning(delta.reasoning_content);
  for (const part of delta.tool_calls ?? []) {
    const call = record.toolCall(part.index);
    if (part.id) call.id = part.id;
    call.name += part.function?.name ?? "";
    call.arguments += part.function?.arguments ?? "";
  }
}

function addEvent(record: AnswerRecord, event: ResponseEvent): void {
  switch (event.type) {
    case "response.output_text.delta":
    case "response.refusal.delta":
      record.addText(event.delta);
      break;
    case "response.reasoning_text.delta":
    case "response.reasoning_summary_text.delta":
      record.addReasoning(event.delta);
      break;
    case "response.output_item.added": {
      const { item, output_index } = event;
      if (item.type !== "function_call") break;
      Object.assign(record.toolCall(output_index), {
        id: item.call_id,
        name: item.name,
        arguments: item.arguments,
      });
      break;
    }
    case "response.function_call_arguments.delta":
      record.toolCall(event.output_index).arguments += event.delta;
      break;
    case "response.function_call_arguments.done":
      Object.assign(record.toolCall(event.output_index), { arguments: event.arguments, completed: true });
      break;
    case "response.completed":
    case "response.incomplete":
    case "response.failed": {
      const { usage, status, incomplete_details } = event.response;
      if (usage) record.setUsage(usage.input_tokens, usage.output_tokens);
      record.finish(incomplete_details?.reason ?? status);
    }
  }
}
