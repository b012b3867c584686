import type { RedisClient } from "bullmq";

/** The field of a job with a request to cancel it. It goes with the job, so it is there for the next worker, too. */
export const requestField = "cancelable:request";
/** The field of a job with the cancellation that has ended it. */
export const cancelledField = "cancelable:cancelled";

interface Script {
  readonly name: string;
  readonly lua: string;
}

/**
 * Stores a request with its job and tells it to the worker that has the lock of the job, in one step: the state of the job cannot
 * change in between.
 *
 * KEYS: the job. ARGV: the prefix of the keys of the queue, the id of the job, the request.
 */
export const storeRequest: Script = {
  name: "cancelableStoreRequest1",
  lua: `
local key, base, id = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', key) == 0 then return {'missing'} end
for _, state in ipairs({'completed', 'failed'}) do
  if redis.call('ZSCORE', base .. state, id) then
    redis.call('HDEL', key, '${requestField}')
    return {state}
  end
end
redis.call('HSET', key, '${requestField}', ARGV[3])
if redis.call('LPOS', base .. 'active', id) then
  local lock = redis.call('GET', key .. ':lock')
  if not lock then return {'active', '0'} end
  local worker = string.match(lock, '^(.*):%d+$') or lock
  return {'active', tostring(redis.call('PUBLISH', base .. 'cancelable:' .. worker, ARGV[3]))}
end
if redis.call('ZSCORE', base .. 'waiting-children', id) then
  local answer = redis.call('SMEMBERS', key .. ':dependencies')
  table.insert(answer, 1, 'waiting-children')
  return answer
end
return {'waiting'}`,
};

/**
 * Removes the request of a job that has ended, stores its cancellation, and answers the requests. If the job has not ended, and its
 * worker has no longer its lock, nothing happens: the job waits, or runs on another worker, and the request counts there.
 *
 * KEYS: the job. ARGV: the prefix of the keys of the queue, the id of the job, the value of the lock, the cancellation or an empty
 * text, then a channel and a message for each request.
 */
export const tellEnd: Script = {
  name: "cancelableTellEnd2",
  lua: `
local key, base, id = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', key) == 1 then
  local hasEnded = redis.call('ZSCORE', base .. 'completed', id) or redis.call('ZSCORE', base .. 'failed', id)
  if not hasEnded and redis.call('GET', key .. ':lock') ~= ARGV[3] then return 0 end
  if hasEnded then redis.call('HDEL', key, '${requestField}') end
  if ARGV[4] ~= '' then redis.call('HSET', key, '${cancelledField}', ARGV[4]) end
end
for i = 5, #ARGV, 2 do redis.call('PUBLISH', ARGV[i], ARGV[i + 1]) end
return 1`,
};

const defined = new WeakSet<RedisClient>();

/** Runs a script. @param key The key of the job. */
export async function runScript(
  client: RedisClient,
  { name }: Script,
  key: string,
  args: readonly string[],
): Promise<unknown> {
  if (!defined.has(client)) {
    for (const script of [storeRequest, tellEnd])
      client.defineCommand(script.name, { numberOfKeys: 1, lua: script.lua });
    defined.add(client);
  }
  return client.runCommand(name, [key, ...args]);
}
