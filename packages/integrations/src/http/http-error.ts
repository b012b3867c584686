/** The facts of an {@link HttpError}. */
export interface HttpErrorFacts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  readonly excerpt: string;
  readonly isTruncated: boolean;
}

/** The error of a response whose status is no success. */
export class HttpError extends Error {
  readonly code: "ERR_HTTP_STATUS" = "ERR_HTTP_STATUS";
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The URL of the response, after redirects. */
  readonly url: string;
  /** The beginning of the body, as text. */
  readonly excerpt: string;
  /** Whether the body has more than {@link excerpt}, as far as is known. */
  readonly isTruncated: boolean;

  /** @param request The URL, or the method and the URL, without what can be secret. */
  constructor(request: string, facts: HttpErrorFacts) {
    const { status, statusText } = facts;
    super(`${request} was answered with ${status}${statusText === "" ? "" : ` ${statusText}`}`);
    this.name = "HttpError";
    this.status = status;
    this.statusText = statusText;
    this.headers = facts.headers;
    this.url = facts.url;
    this.excerpt = facts.excerpt;
    this.isTruncated = facts.isTruncated;
  }
}
