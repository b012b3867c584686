import type { IncomingMessage, ServerResponse } from "node:http";
import { TestServer } from "../undici/server.ts";

/** Answers one request of the server. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Sends parts of a stream of events, and keeps the answer open. */
export const sends =
  (...parts: string[]): Answer =>
  (response) => {
    response.setHeader("content-type", "text/event-stream");
    response.write(parts.join(""));
  };

/** Sends a whole stream of events. */
export const streams =
  (...parts: string[]): Answer =>
  (response) => {
    response.setHeader("content-type", "text/event-stream");
    response.end(parts.join(""));
  };

export const json =
  (body: unknown): Answer =>
  (response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(body));
  };

export const refuses =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end('{"error":{"message":"busy","type":"busy"}}');
  };

export const silence: Answer = () => {};

/** A server that gives each request the next answer, and the last answer to all further ones. */
export async function modelServer(...answers: Answer[]): Promise<TestServer> {
  let next = 0;
  return TestServer.start((request, response) => {
    const answer = answers[Math.min(next++, answers.length - 1)] ?? silence;
    request.resume().on("end", () => answer(response, request));
  });
}
