// The clients whose cancellation is measured. A further client is an entry in `clients`.
import { get } from "node:http";
import { Cancellable, currentSignal } from "@hother/cancelable";
import { cancellableAxios } from "@hother/cancelable-integrations/axios";
import { fetch as ourFetch } from "@hother/cancelable-integrations/fetch";
import { cancellableGot } from "@hother/cancelable-integrations/got";
import { cancellableKy } from "@hother/cancelable-integrations/ky";
import { patchHttpAgents } from "@hother/cancelable-integrations/node-client";
import { cancellationInterceptor } from "@hother/cancelable-integrations/undici";
import axios from "axios";
import got from "got";
import ky from "ky";
import { Agent, request, fetch as undiciFetch } from "undici";

/**
 * A request that was begun. `ended` settles when the caller has been told of the cancellation, in any way.
 *
 * @typedef {{ cancel: () => void, ended: Promise<unknown> }} Running
 */

/**
 * Begins a request, and calls `onPiece` for each piece of the body.
 *
 * @typedef {(url: string, onPiece: () => void) => Running} Client
 */

const ignore = () => {};

/**
 * A client whose request ends with an operation.
 *
 * @param {(url: string, onPiece: () => void) => Promise<unknown>} request
 * @returns {Client}
 */
const inOperation = (request) => (url, onPiece) => {
  const operation = new Cancellable();
  const ended = operation.settle(() => request(url, onPiece));
  return { cancel: () => operation.cancel(), ended };
};

/**
 * A client whose request ends with a signal.
 *
 * @param {(url: string, onPiece: () => void, signal: AbortSignal) => Promise<unknown>} request
 * @returns {Client}
 */
const withSignal = (request) => (url, onPiece) => {
  const controller = new AbortController();
  const ended = request(url, onPiece, controller.signal).catch(ignore);
  return { cancel: () => controller.abort(), ended };
};

/**
 * @param {AsyncIterable<unknown> | null} body
 * @param {() => void} onPiece
 */
async function read(body, onPiece) {
  for await (const _piece of body ?? []) onPiece();
}

const ourAxios = cancellableAxios(axios.create());
const ourGot = cancellableGot(got);
const ourKy = cancellableKy(ky);
const dispatcher = new Agent().compose(cancellationInterceptor());

/**
 * The answer to a request of `node:http`.
 *
 * @param {string} url
 * @param {import("node:http").RequestOptions} [options]
 * @returns {Promise<import("node:http").IncomingMessage>}
 */
const answerOf = (url, options = {}) =>
  new Promise((resolve, reject) => {
    get(url, options, resolve).on("error", reject);
  });

/**
 * The same with patched agents. They are patched for this request only, because axios and got use them too.
 *
 * @param {string} url
 */
const answerOfPatched = (url) => {
  const patch = patchHttpAgents();
  const answer = answerOf(url);
  patch[Symbol.dispose]();
  return answer;
};

/** @type {Record<string, Client>} */
export const clients = {
  "fetch of this library": inOperation(async (url, onPiece) => read((await ourFetch(url)).body, onPiece)),
  "global fetch, signal of an operation": inOperation(async (url, onPiece) =>
    read((await fetch(url, { signal: currentSignal() })).body, onPiece),
  ),
  "global fetch, AbortController": withSignal(async (url, onPiece, signal) =>
    read((await fetch(url, { signal })).body, onPiece),
  ),
  cancellableAxios: inOperation(async (url, onPiece) =>
    read((await ourAxios.get(url, { responseType: "stream" })).data, onPiece),
  ),
  "axios, AbortController": withSignal(async (url, onPiece, signal) =>
    read((await axios.get(url, { responseType: "stream", signal })).data, onPiece),
  ),
  cancellableGot: inOperation(async (url, onPiece) => read(ourGot.stream(url), onPiece)),
  "got, AbortController": withSignal(async (url, onPiece, signal) =>
    read(got.stream(url, { signal }), onPiece),
  ),
  cancellableKy: inOperation(async (url, onPiece) => read((await ourKy(url)).body, onPiece)),
  "ky, AbortController": withSignal(async (url, onPiece, signal) =>
    read((await ky(url, { signal })).body, onPiece),
  ),
  "undici.request, interceptor": inOperation(async (url, onPiece) =>
    read((await request(url, { dispatcher })).body, onPiece),
  ),
  "undici.request, AbortController": withSignal(async (url, onPiece, signal) =>
    read((await request(url, { signal })).body, onPiece),
  ),
  "undici.fetch, interceptor": inOperation(async (url, onPiece) =>
    read((await undiciFetch(url, { dispatcher })).body, onPiece),
  ),
  "undici.fetch, AbortController": withSignal(async (url, onPiece, signal) =>
    read((await undiciFetch(url, { signal })).body, onPiece),
  ),
  "node:http, patched agents": inOperation(async (url, onPiece) => read(await answerOfPatched(url), onPiece)),
  "node:http, AbortController": withSignal(async (url, onPiece, signal) =>
    read(await answerOf(url, { signal }), onPiece),
  ),
};
