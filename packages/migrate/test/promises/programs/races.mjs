class LateError extends Error {}
const work = (ms, value) => new Promise((resolve) => setTimeout(() => resolve(value), ms));
const fails = async () => {
  throw new TypeError("at once");
};
const limited = (ms, promise) =>
  Promise.race([promise(), new Promise((_, reject) => setTimeout(() => reject(new LateError("late")), ms))]);
for (const [ms, promise] of [
  [200, () => work(5, "fast")],
  [5, () => work(50, "slow")],
  [50, fails],
]) {
  try {
    console.log(await limited(ms, promise));
  } catch (error) {
    console.log(error.constructor.name, error.message);
  }
}
console.log(await Promise.race([work(50, "a"), new Promise((resolve) => setTimeout(() => resolve("b"), 5))]));
console.log(await Promise.race([work(50, "a"), new Promise((resolve) => setTimeout(resolve, 5))]));
