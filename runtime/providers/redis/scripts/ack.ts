import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends leases with success. The output of a job whose cancellation was requested is discarded.
 *
 * ARGV[3…] number of completions, fence of all of them (empty: they differ); the ids; the fences if they differ; per
 *          output: place of its completion, output
 * Returns  per completion that was refused: its place, stale | alreadyDone
 */
export const ack = defineScript("ack", {
  kind: "free",
  body: `${luaTransitions(["ack"])}
local size, fence = tonumber(ARGV[3]), tonumber(ARGV[4])
local jobs = loadAll({ unpack(ARGV, 5, 4 + size) })
local refused, accepted, failed = {}, {}, {}
for i = 1, size do
  local job = jobs[i]
  local t = job and job[FENCE] == (fence or tonumber(ARGV[4 + size + i])) and (T["ack"][situation(job)] or "alreadyDone")
  if not t or t == "alreadyDone" then
    refused[#refused + 1] = i
    refused[#refused + 1] = t or "stale"
  else
    apply(job, t)
    accepted[i] = job[STATE] == SUCCEEDED
    -- Only an earlier attempt can have left an error.
    if accepted[i] and job[FENCE] > 1 then failed[#failed + 1] = job[ID] end
  end
end
local outputs = {}
for i = 5 + size + (fence and 0 or size), #ARGV, 2 do
  local place = tonumber(ARGV[i])
  if accepted[place] then
    outputs[#outputs + 1] = jobs[place][ID]
    outputs[#outputs + 1] = ARGV[i + 1]
  end
end
many("HDEL", P .. "errors", failed)
many("HSET", P .. "outputs", outputs)
return reply(refused)
`,
});
