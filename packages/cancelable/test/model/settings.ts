const { env } = process;

/** The number of programs in each test of this folder. Some tests use a part of it. */
export const runs: number = Number(env.MODEL_RUNS ?? 2_000);

const fixedSeed = Number(env.MODEL_SEED ?? 20_260_101);

/** In CI a new seed is used every day as well. Every failure prints its seed. */
export const seeds: readonly number[] =
  env.CI === undefined ? [fixedSeed] : [fixedSeed, Math.floor(Date.now() / 86_400_000)];

/** The path that a failure printed, to run that one case again. */
export const replayed: { readonly path?: string } =
  env.MODEL_PATH === undefined ? {} : { path: env.MODEL_PATH };
