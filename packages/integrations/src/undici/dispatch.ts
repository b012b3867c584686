/*
 * The parts of undici's types that all versions from 6 on have. They are written down here, so that the types of this
 * package need no undici: the built-in `fetch` of Node has one of its own.
 */

/** The `dispatch` of a dispatcher of any version of undici. */
export type AnyDispatch = (options: never, handler: never) => boolean;

/** An interceptor for `dispatcher.compose()`. */
export type Interceptor = <Dispatch extends AnyDispatch>(dispatch: Dispatch) => Dispatch;

export interface RequestOptions {
  readonly headers?: unknown;
}

export type HeaderValue = string | readonly string[] | null | undefined;

/** Aborts a request that has a connection. */
export type Abort = (reason: Error) => void;

/** The handler of undici 6, and of 7 for most requests. */
export interface OldHandler {
  onConnect?(abort: Abort, context: unknown): void;
  onError?(error: Error): void;
  onUpgrade?(status: number, headers: unknown, socket: unknown): void;
  onResponseStarted?(): void;
  onHeaders?(status: number, headers: unknown, resume: () => void, statusText: string): boolean;
  onData?(chunk: unknown): boolean;
  onComplete?(trailers: unknown): void;
  onBodySent?(...sizes: unknown[]): void;
  onRequestSent?(): void;
}

export interface Controller {
  readonly aborted: boolean;
  readonly paused: boolean;
  readonly reason: Error | null;
  readonly rawHeaders?: unknown;
  abort: Abort;
  pause(): void;
  resume(): void;
}

/** The handler of undici 8, and of interceptors from 7 on. */
export interface NewHandler {
  onRequestStart?(controller: Controller, context: unknown): void;
  onRequestUpgrade?(controller: Controller, status: number, headers: unknown, socket: unknown): void;
  onResponseStarted?(): void;
  onResponseStart?(controller: Controller, status: number, headers: unknown, statusText?: string): void;
  onResponseData?(controller: Controller, chunk: unknown): void;
  onResponseEnd?(controller: Controller, trailers: unknown): void;
  onResponseError?(controller: Controller | undefined, error: Error): void;
  onBodySent?(...sizes: unknown[]): void;
  onRequestSent?(): void;
}

export type Handler = OldHandler & NewHandler;

export type Dispatch = (options: RequestOptions, handler: OldHandler | NewHandler) => boolean;
