import type { AnswerRecord } from "../model/partial-answer.ts";

/** The usage of a model: numbers in version 2 of the interface of providers, objects in version 3. */
type Tokens = number | { readonly total?: number | undefined } | undefined;

interface Finish {
  readonly usage?: { readonly inputTokens?: Tokens; readonly outputTokens?: Tokens };
  readonly finishReason?: string | { readonly unified?: string };
}

/** A part of a stream of a provider, with the fields that are read. */
export interface ModelPart extends Finish {
  readonly type: string;
  readonly id?: string;
  readonly delta?: string;
  readonly toolName?: string;
  readonly toolCallId?: string;
  readonly input?: unknown;
}

/** The answer of a provider in one piece. */
export interface ModelAnswer extends Finish {
  readonly content?: ReadonlyArray<ModelPart & { readonly text?: string }>;
}

export function addPart(record: AnswerRecord, part: ModelPart): void {
  const { type, id = "", delta = "" } = part;
  if (type === "text-delta") record.addText(delta);
  else if (type === "reasoning-delta") record.addReasoning(delta);
  else if (type === "tool-input-start") Object.assign(record.toolCall(id), { id, name: part.toolName ?? "" });
  else if (type === "tool-input-delta") record.addArguments(id, delta);
  else if (type === "tool-call") addToolCall(record, part);
  else if (type === "finish") addFinish(record, part);
}

export function addAnswer(record: AnswerRecord, answer: ModelAnswer): void {
  for (const part of answer.content ?? []) {
    if (part.type === "text") record.addText(part.text ?? "");
    else if (part.type === "reasoning") record.addReasoning(part.text ?? "");
    else if (part.type === "tool-call") addToolCall(record, part);
  }
  addFinish(record, answer);
}

function addToolCall(record: AnswerRecord, { toolCallId = "", toolName = "", input }: ModelPart): void {
  const text = typeof input === "string" ? input : JSON.stringify(input ?? {});
  const call = { id: toolCallId, name: toolName, arguments: text, completed: true };
  Object.assign(record.toolCall(toolCallId), call);
}

function addFinish(record: AnswerRecord, { usage, finishReason }: Finish): void {
  record.setUsage(count(usage?.inputTokens), count(usage?.outputTokens));
  record.finish(typeof finishReason === "object" ? finishReason.unified : finishReason);
}

function count(tokens: Tokens): number | undefined {
  return typeof tokens === "object" ? tokens.total : tokens;
}
