import { edgesAndGates } from "./edges.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";
import { uniqueKeys } from "./unique.ts";

/**
 * Ends waiting jobs at once and asks for the end of running ones. Jobs with gates, or that others need, let these on at
 * once here, and in the scripts below.
 *
 * ARGV[3…] ids
 * Returns  per id: cancelled | requested | alreadyDone | notFound
 */
export const cancel = defineScript("cancel", {
  kind: "free",
  body: `${luaTransitions(["cancel"])}${edgesAndGates}local result = {}
for _, job in ipairs(loadAll({ unpack(ARGV, 3) })) do
  local t = job and T["cancel"][situation(job)]
  if t then
    if t.answer == "requested" and job[MARKS] % 2 == 0 then job[MARKS] = job[MARKS] + CANCELLING end
    apply(job, t)
    if t.to and concerns(job) and letOn({ job }) > 0 then flushSets() end
  end
  result[#result + 1] = t and t.answer or (job and "alreadyDone" or "notFound")
end
return reply(result)
`,
});

/**
 * Makes final jobs wait again, with fresh attempts; their fence goes on growing. A job takes its unique key again, as far as
 * its scope and its window go.
 *
 * ARGV[3…] per job: id, delay
 * Returns  per job: requeued | alreadyWaiting | deduplicated | notFound
 */
export const requeue = defineScript("requeue", {
  kind: "free",
  body: `${luaTransitions(["requeue"])}${uniqueKeys}${edgesAndGates}
local result, ids, again = {}, {}, {}
for i = 3, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
learnUniques(ids)

-- false if another job holds the key
local function retakesKey(job)
  if not holds(job, READY) then return true end
  local key = uniqueOf(job[ID])[1]
  local other = holder(call("HGET", KEY_OWNERS, key))
  if other and other ~= job then return false end
  call("HSET", KEY_OWNERS, key, job[ID])
  return true
end

-- what was done is to be done again
local function forgetProgress(job)
  local key, done = P .. "notes:" .. job[ID], {}
  for _, field in ipairs(call("HKEYS", key)) do
    if byte(field) == 99 or byte(field) == 115 then done[#done + 1] = field end
  end
  many("HDEL", key, done)
end

for place, job in ipairs(loadAll(ids)) do
  local t = job and T["requeue"][situation(job)]
  if t and not retakesKey(job) then
    result[place] = "deduplicated"
  else
    result[place] = t and t.answer or (job and "alreadyWaiting" or "notFound")
    if t then
      local delay = tonumber(ARGV[2 * place + 2])
      if job[STATE] == SUCCEEDED and hasBeside(job) then forgetProgress(job) end
      if isNeeded(job) then openGatesOf({}, edges.finish(job)) end
      apply(job, t, { delay = delay, runAt = now + delay })
      job[REASON], job[PROGRESS], job[FINISHED_AT], job[MARKS] = 0, NONE, NONE, job[MARKS] - job[MARKS] % 2
      again[#again + 1] = job[ID]
      if uniqueOf(job[ID]) then call("ZREM", RESERVED, reservedMember(job)) end
      if uniqueOf(job[ID]) or isNeeded(job) then call("ZREM", ASIDE, bytesOf(job[SEQ])) end
      if job[MARKS] >= NEEDING then edges.lookAnew(job) end
      letOn({ job })
    end
  end
end
many("HDEL", P .. "errors", again)
many("HDEL", P .. "outputs", again)
return reply(result)
`,
});

/**
 * Changes the time or the priority of waiting jobs.
 *
 * ARGV[3…] per change: id, runAt (empty: none), delay (empty: none), priority (empty: none)
 * Returns  per change: changed | notWaiting | notFound
 */
export const change = defineScript("change", {
  kind: "free",
  body: `${luaTransitions(["change"])}${edgesAndGates}local result, ids, moved = {}, {}, {}
for i = 3, #ARGV, 4 do ids[#ids + 1] = ARGV[i] end
for place, job in ipairs(loadAll(ids)) do
  local t = job and T["change"][situation(job)]
  if t then
    if moved[job] then flushSets() end
    moved[job] = true
    local i = 4 * place - 1
    local runAt, delay = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    runAt = runAt or delay and now + delay or job[RUN_AT]
    apply(job, t, { runAt = runAt, delay = runAt - now, priority = tonumber(ARGV[i + 3]) })
    if job[KIND] >= GATED then gates.admit({ job }) end
  end
  result[place] = t and t.answer or (job and "notWaiting" or "notFound")
end
return reply(result)
`,
});

/**
 * Ends waiting jobs with success.
 *
 * ARGV[3…] per job: id, 1 if there is an output else 0, output
 * Returns  per job: completed | notWaiting | notFound
 */
export const complete = defineScript("complete", {
  kind: "free",
  body: `${luaTransitions(["complete"])}${edgesAndGates}
local result, ids, outputs, ended = {}, {}, {}, {}
for i = 3, #ARGV, 3 do ids[#ids + 1] = ARGV[i] end
for place, job in ipairs(loadAll(ids)) do
  local t = job and T["complete"][situation(job)]
  if t then
    apply(job, t)
    ended[#ended + 1] = job[ID]
    if ARGV[3 * place + 1] == "1" then
      outputs[#outputs + 1] = job[ID]
      outputs[#outputs + 1] = ARGV[3 * place + 2]
    end
    if concerns(job) and letOn({ job }) > 0 then flushSets() end
  end
  result[place] = t and t.answer or (job and "notWaiting" or "notFound")
end
many("HDEL", P .. "errors", ended)
many("HSET", P .. "outputs", outputs)
return reply(result)
`,
});

/**
 * Stops or allows claims from a queue, or of a job definition.
 *
 * ARGV[3…] queue | name; which; 1 to pause, 0 to resume
 * Returns  1 if that changed something, else 0
 */
export const pause = defineScript("pause", {
  kind: "free",
  body: `
local key = P .. (ARGV[3] == "queue" and "paused" or "paused:names")
if ARGV[5] == "1" then return reply(call("SADD", key, ARGV[4])) end
if ARGV[3] == "queue" then
  woken[ARGV[4]] = true
else
  for _, value in ipairs(call("HVALS", P .. "lanes")) do
    local lane = cmsgpack.unpack(value)
    if lane[2] == ARGV[4] then woken[lane[1]] = true end
  end
end
return reply(call("SREM", key, ARGV[4]))
`,
});

/**
 * What is paused.
 *
 * Returns  names of queues; names of job definitions
 */
export const paused = defineScript("paused", {
  kind: "read",
  body: `return reply({ call("SMEMBERS", P .. "paused"), call("SMEMBERS", P .. "paused:names") })`,
});

/**
 * Sets limits. Groups of those that are changed are looked at by the next promotion.
 *
 * ARGV[3…] per limit: policy, kind, limit, windowMs (empty: none)
 * Returns  nothing
 */
export const putLimits = defineScript("putLimits", {
  kind: "grow",
  body: `
for i = 3, #ARGV, 4 do
  local policy, limit = ARGV[i], cmsgpack.pack({ ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]) or false })
  if call("HGET", P .. "limits", policy) ~= limit then
    call("HSET", P .. "limits", policy, limit)
    call("ZUNIONSTORE", P .. "opening", 2, P .. "opening", P .. "groups:" .. policy, "WEIGHTS", 1, 0, "AGGREGATE", "MIN")
  end
end
return reply({})
`,
});
