import { keptClaims } from "../../../core/kept-claims.ts";
import { markBeside } from "./attempts.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Keeps checkpoints and log lines of running jobs.
 *
 * ARGV[3…] per note: id, fence, s(tep) | c(ursor) | l(og), key, text
 * Returns  per note: ok | stale | alreadyDone
 */
export const note = defineScript("note", {
  kind: "grow",
  body: `${luaTransitions(["report"])}${markBeside}
local function keep(job, kind, name, text)
  local key, field = P .. "notes:" .. job[ID], kind .. name
  local known = call("HGET", key, field)
  if not known then
    call("HSET", key, field, pack(">I4", call("HINCRBY", key, "#", 1)) .. text)
    markBeside(job)
  elseif kind == "c" then
    call("HSET", key, field, sub(known, 1, 4) .. text)
  end
end

local result, ids = {}, {}
for i = 3, #ARGV, 5 do ids[#ids + 1] = ARGV[i] end
for place, job in ipairs(loadAll(ids)) do
  local i = 5 * place - 2
  local t = job and job[FENCE] == tonumber(ARGV[i + 1]) and (T["report"][situation(job)] or "alreadyDone")
  if t and t ~= "alreadyDone" then
    keep(job, ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
    t = "ok"
  end
  result[place] = t or "stale"
end
return reply(result)
`,
});

/**
 * Attempts, checkpoints and log lines of a job.
 *
 * ARGV[3]  id
 * Returns  nil if there is no such job; else per attempt: fence, attempt, startedAt, endedAt, workerId, error or nil; per note:
 *          s, c or l and its key, its place, text
 */
export const history = defineScript("history", {
  kind: "read",
  body: `
local job = loadAll({ ARGV[3] })[1]
if not job then return reply(false) end
local attempts, notes, newest = {}, {}, 0
if not hasBeside(job) then return reply({ attempts, notes }) end

-- as text: Redis would cut fractions off
local function text(number) return format("%.17g", number) end
local kept = call("HGETALL", P .. "attempts:" .. ARGV[3])
for i = 1, #kept, 2 do newest = math.max(newest, tonumber(kept[i])) end
for i = 1, #kept, 2 do
  -- Old ones are deleted when others are too many.
  if tonumber(kept[i]) > newest - ${keptClaims} then
    local a = cmsgpack.unpack(kept[i + 1])
    attempts[#attempts + 1] = { tonumber(kept[i]), a[1], text(a[2]), text(a[3]), a[4], a[5] }
  end
end
local known = call("HGETALL", P .. "notes:" .. ARGV[3])
for i = 1, #known, 2 do
  if known[i] ~= "#" then
    notes[#notes + 1] = { known[i], (unpackBytes(">I4", known[i + 1])), sub(known[i + 1], 5) }
  end
end
return reply({ attempts, notes })
`,
});
