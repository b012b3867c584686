const { env } = process;

/** How many programs each test of this folder runs; some take a part of it. */
export const runs: number = Number(env.MODEL_RUNS ?? 2_000);

const fixedSeed = Number(env.MODEL_SEED ?? 20_260_101);

/** In CI a new one every day as well; every failure prints its own. */
export const seeds: readonly number[] =
  env.CI === undefined ? [fixedSeed] : [fixedSeed, Math.floor(Date.now() / 86_400_000)];

/** A path that a failure printed, to see that one case again. */
export const replayed: { readonly path?: string } =
  env.MODEL_PATH === undefined ? {} : { path: env.MODEL_PATH };
