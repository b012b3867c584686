import { mapStream } from "@hother/cancelable";

export default function parallel(source, { concurrency = Infinity, ordered = false } = {}) {
  const most = concurrency >= 1 ? Math.ceil(concurrency) : Infinity;
  return mapStream(source, (fn) => fn(), { concurrency: most, ordered, buffer: 0 });
}
