import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends waiting jobs at once and asks for the end of running ones.
 *
 * ARGV[3…] ids
 * Returns  per id: cancelled | requested | alreadyDone | notFound
 */
export const cancel = defineScript("cancel", {
  kind: "free",
  body: `${luaTransitions(["cancel"])}
local result = {}
for _, job in ipairs(loadAll({ unpack(ARGV, 3) })) do
  local t = job and T["cancel"][situation(job)]
  if t then
    if t.answer == "requested" then job[CANCEL] = 1 end
    apply(job, t)
  end
  result[#result + 1] = t and t.answer or (job and "alreadyDone" or "notFound")
end
return reply(result)
`,
});

/**
 * Makes final jobs ready again, with fresh attempts; their fence goes on growing.
 *
 * ARGV[3…] ids
 * Returns  per id: requeued | alreadyWaiting | notFound
 */
export const requeue = defineScript("requeue", {
  kind: "free",
  body: `${luaTransitions(["requeue"])}
local result, again = {}, {}
for _, job in ipairs(loadAll({ unpack(ARGV, 3) })) do
  local t = job and T["requeue"][situation(job)]
  if t then
    apply(job, t, { runAt = now })
    job[REASON], job[PROGRESS], job[FINISHED_AT], job[CANCEL] = 0, NONE, NONE, 0
    again[#again + 1] = job[ID]
  end
  result[#result + 1] = t and t.answer or (job and "alreadyWaiting" or "notFound")
end
many("HDEL", P .. "errors", again)
many("HDEL", P .. "outputs", again)
return reply(result)
`,
});

/**
 * Stops or allows claims from a queue.
 *
 * ARGV[3…] queue; 1 to pause, 0 to resume
 * Returns  1 if that changed something, else 0
 */
export const pause = defineScript("pause", {
  kind: "free",
  body: `
if ARGV[4] == "1" then return reply(call("SADD", P .. "paused", ARGV[3])) end
woken[ARGV[3]] = true
return reply(call("SREM", P .. "paused", ARGV[3]))
`,
});

/**
 * The paused queues.
 *
 * Returns  their names
 */
export const paused = defineScript("paused", {
  kind: "read",
  body: `return reply(call("SMEMBERS", P .. "paused"))`,
});
