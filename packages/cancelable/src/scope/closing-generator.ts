/**
 * @internal Makes `return()` of the generator call `close` first. Needed because a generator that is suspended in an
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
  // Some hosts have generators without this method.
  generator[Symbol.asyncDispose] = async () => {
    await generator.return(undefined);
  };
  return generator;
}
