/** The values of which h3 makes a body, as far as they hold something. */
interface Body {
  readonly body?: unknown;
  readonly locked?: boolean;
  cancel?(): Promise<void>;
  destroy?(): void;
}

/** Releases what a handler has returned after its request was answered: a response, a web stream, or a stream of Node. */
export function dropBody(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const { body } = value as Body; // any object
  const stream = (typeof body === "object" && body !== null ? body : value) as Body; // any object
  if (typeof stream.cancel === "function") {
    if (stream.locked !== true) stream.cancel().catch(ignore);
  } else stream.destroy?.();
}

const ignore = (): void => {};
