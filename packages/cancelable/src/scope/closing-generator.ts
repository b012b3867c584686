/**
 * @internal A generator whose `return()` calls `leave` first: one that was not started, or that waits for what does
 * not come, would else be told to leave only after that.
 */
export function withEarlyReturn<T>(
  generator: AsyncGenerator<T, undefined, undefined>,
  leave: () => Promise<void>,
): AsyncGenerator<T, undefined, undefined> {
  const end = generator.return.bind(generator);
  generator.return = async (value) => {
    await leave();
    return end(value);
  };
  // Not every host gives it to generators.
  generator[Symbol.asyncDispose] = async () => {
    await generator.return(undefined);
  };
  return generator;
}
