import { report } from "../reporter.ts";

/**
 * @internal Makes `return()` and `throw()` of the generator call `close` first. Needed because a generator that is suspended in an
 * `await`, or was never started, does not run its `finally` until that `await` settles.
 */
export function withEarlyReturn<T>(
  generator: AsyncGenerator<T, undefined, undefined>,
  close: () => Promise<void>,
): AsyncGenerator<T, undefined, undefined> {
  const end = generator.return.bind(generator);
  generator.return = async (value) => {
    let result: IteratorResult<T, undefined>;
    try {
      await close();
    } finally {
      result = await end(value);
    }
    return result;
  };
  const fail = generator.throw.bind(generator);
  generator.throw = async (error: unknown) => {
    try {
      await close();
    } catch (failure) {
      report(failure, "closing a source");
    }
    return fail(error);
  };
  // Some hosts have generators without this method.
  generator[Symbol.asyncDispose] = async () => {
    await generator.return(undefined);
  };
  return generator;
}
