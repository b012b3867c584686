const work = async (value) => {
  await new Promise((resolve) => setTimeout(resolve, 10 - value));
  return value * 2;
};
console.log(await Promise.all([work(1), work(2), work(3)]));
console.log(await Promise.all([3, 2, 1].map(async (each, index) => [await work(each), index])));
const [one, two] = await Promise.all([work(1), (() => "plain")()]);
console.log(one, two);
try {
  await Promise.all([work(1), Promise.reject(new RangeError("no"))]);
} catch (error) {
  console.log(error.name, error.message);
}
async function first() {
  return Promise.all([work(4), work(5)]);
}
console.log(await first());
