/**
 * Whether an error is an answer of the application that blames the client: it has a `status` or a `statusCode` from 400 to 499,
 * as the errors of `http-errors` do. Such an error is no failure of the operation.
 */
export function isClientError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { status, statusCode } = error as { readonly status?: unknown; readonly statusCode?: unknown }; // any error
  const code = status ?? statusCode;
  return typeof code === "number" && code >= 400 && code < 500;
}
