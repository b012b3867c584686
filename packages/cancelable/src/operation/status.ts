/** Every status, in the order in which an operation has them. */
export const operationStatuses = [
  "pending",
  "running",
  "shielded",
  "completed",
  "cancelled",
  "failed",
] as const;

/** The status of an operation. A timeout is `cancelled` with the reason `timeout`. */
export type OperationStatus = (typeof operationStatuses)[number];

/** The status of an operation that has ended. */
export type EndedStatus = Extract<OperationStatus, "completed" | "cancelled" | "failed">;

export function hasEnded(status: OperationStatus): status is EndedStatus {
  return status === "completed" || status === "cancelled" || status === "failed";
}
