import { currentScope, isCancellation } from "@hother/cancelable";
import { TransactionAbortedError } from "../database/transaction-errors.ts";
import { cancellationNearDeadline } from "../scope/near-deadline.ts";

/**
 * Carries an error through Prisma. Prisma makes an error of its own from every error of its adapter that has a code, and
 * keeps of it the message, the code and `meta`.
 */
export class CarriedError extends Error {
  override readonly name = "CarriedError";
  readonly code: string;
  readonly meta: { readonly carried: unknown };

  constructor(error: Error & { readonly code: string }) {
    super(error.message, { cause: error });
    this.code = error.code;
    this.meta = { carried: error };
  }
}

/** Runs `work` for Prisma: errors of this library are carried. */
export async function carrying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isCancellation(error) || error instanceof TransactionAbortedError ? new CarriedError(error) : error;
  }
}

/** The error to throw for an error of Prisma. */
export async function carriedBy(error: unknown): Promise<unknown> {
  const { meta, code } = (error ?? {}) as {
    readonly meta?: { readonly carried?: unknown };
    readonly code?: unknown;
  };
  if (meta?.carried !== undefined) return meta.carried;
  if (code !== "P2028") return error;
  // Prisma has closed the transaction: at the deadline, or after the cancellation.
  return (await cancellationNearDeadline(currentScope())) ?? error;
}
