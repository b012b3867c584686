import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.url !== "/slow") setTimeout(() => response.end(`path ${request.url}`), 0);
});
await new Promise((resolve) => server.listen(0, resolve));
const base = `http://127.0.0.1:${server.address().port}`;

async function text(url, ms) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  try {
    const response = await fetch(url, { signal: controller.signal });
    return await response.text();
  } finally {
    clearTimeout(timer);
  }
}
async function status(url) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 5_000);
  const response = await fetch(url, { signal: controller.signal });
  clearTimeout(timer);
  await response.text();
  return response.status;
}
async function direct(url, ms) {
  const response = await fetch(url, { signal: AbortSignal.timeout(ms) });
  return response.text();
}
async function either(url, signal) {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) });
  return response.text();
}
const outcome = (promise) =>
  promise.then(String, (error) => (error instanceof Error ? "rejected" : "strange"));
console.log(await outcome(text(`${base}/a`, 5_000)));
console.log(await outcome(text(`${base}/slow`, 50)));
console.log(await outcome(status(`${base}/b`)));
console.log(await outcome(direct(`${base}/c`, 5_000)));
console.log(await direct(`${base}/slow`, 50).catch((error) => error.name));
console.log(await outcome(either(`${base}/d`, new AbortController().signal)));
console.log(await outcome(either(`${base}/slow`, new AbortController().signal)));
server.closeAllConnections();
server.close();
