import { transitions } from "../../../core/transitions.ts";
import { packedSize } from "../ids.ts";
import { edgesAndGates } from "./edges.ts";
import { formats, fullStep, sizes } from "./head.ts";
import { defineScript } from "./script.ts";
import { luaCell, luaTransitions } from "./transition-table.ts";

const bounce = `  if job and (job[KIND] >= GATED or isNeeded(job)) then t = "gated" end
`;

/** What follows on an accepted completion of a job with gates, or that others need. */
const letOthersOn = `
    if concerns(job) then letOn({ job }, byte(ARGV[5], place) ~= 49) end`;

/** Lets others on, one after the other, who need jobs that were ended without a table. */
const following = `
local function follow(needed)
  edges.expect(needed)
  for _, id in ipairs(needed) do
    local child, more = edges.decideOnly(id)
    if child then letOn({ child }) end
    if more then letOn({ loadAll({ id })[1] }) end
  end
end
`;

/** `settle(place, expected)` for jobs that are not like most, and `follow(needed)`. */
function restOf({ withGates }: { readonly withGates: boolean }): string {
  return `${luaTransitions(["ack"])}${withGates ? edgesAndGates : ""}
local ids, refused, withheld, failed = ...
local function settle(place, expected)
  local job = loadAll({ ids[place] })[1]
  local t = job and job[FENCE] == expected and (T["ack"][situation(job)] or "alreadyDone")
${withGates ? "" : bounce}  if not t or type(t) == "string" then
    withheld[place] = true
    refused[#refused + 1] = place
    refused[#refused + 1] = t or "stale"
  else
    apply(job, t)
    withheld[place] = job[STATE] ~= SUCCEEDED
    if job[STATE] == SUCCEEDED and job[FENCE] > 1 then failed[#failed + 1] = job[ID] end${withGates ? letOthersOn : ""}
  end
end
${withGates ? following : ""}
return settle${withGates ? ", follow" : ""}
`;
}

/** Ids and heads are written before others look at these jobs. */
const writeHeads = `
many("HSET", HEADS, fields)
fields, fieldsSize = {}, 0`;

const followNeeded = `
if #needed > 0 then
  follow(needed)
  needed = {}
end`;

function bodyOf({ withGates }: { readonly withGates: boolean }): string {
  return `
local size, fence, joined = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[6]
-- after: the argument that follows the ids
local ids, after = {}, 7
if joined == "" then
  for place = 1, size do ids[place] = ARGV[6 + place] end
  after = 7 + size
else
  for place = 1, size do ids[place] = sub(joined, ${packedSize} * (place - 1) + 1, ${packedSize} * place) end
end
local kept = readMany(HEADS, ids)
-- Outputs at places that are withheld are discarded. failed: ids of those of which an earlier attempt may have left an error
local refused, withheld, failed, seen = {}, {}, {}, {}
local settle${withGates ? ", follow = openRest(ids, refused, withheld, failed)\nlocal needed = {}" : ""}
-- by step: what becomes of jobs that have it; false: they have to be looked at one by one
local row, steps = ${luaCell(transitions.running.ack)}, {}
local fields, fieldsSize = {}, 0

for place = 1, size do
  local id, head, expected = ids[place], kept[place], fence or tonumber(ARGV[after + place - 1])
  local step = false
  if head and byte(head) == ${formats.full} and not seen[id]${withGates ? " and not loaded[id]" : ""} then
    local key = sub(head, 1, ${sizes.fullStep})
    step = steps[key]
    if step == nil then
      local _, kind, state, marks, lane, attempt, crashes, fenceOfJobs, _, startedAt, _, progress, reason, claim =
        unpackBytes(">${fullStep}", key)
      step = state == RUNNING and marks % ${withGates ? "2" : "4"} == 0 and kind < GATED and {
        fence = fenceOfJobs, lane = lane, claim = claim, isNeeded = marks % 4 >= NEEDED, seqs = {}, size = 0,
        final = pack(
          ">${fullStep}", ${formats.full}, kind, row.to, marks, lane, attempt, crashes, fenceOfJobs, 0, startedAt, now, progress,
          reason, 0),
      }
      steps[key] = step
    end
  end
  seen[id] = true
  if step and step.fence == expected then
    fields[fieldsSize + 1], fields[fieldsSize + 2] = id, step.final .. sub(head, ${sizes.fullStep + 1})
    fieldsSize = fieldsSize + 2
    step.size = step.size + 1
    step.seqs[step.size] = sub(head, ${sizes.fullStep + 1}, ${sizes.fullStep + 6})
    if expected > 1 then failed[#failed + 1] = id end${withGates ? "\n    if step.isNeeded then needed[#needed + 1] = id end" : ""}
  else${indented(writeHeads)}${withGates ? indented(followNeeded) : "\n    settle = settle or openRest(ids, refused, withheld, failed)"}
    settle(place, expected)
  end
end${writeHeads}${withGates ? followNeeded : ""}

local seqs, claims = {}, {}
for _, step in pairs(steps) do
  if step and step.size > 0 then
    claims[step.claim] = (claims[step.claim] or 0) + step.size
    local list = seqs[step.lane]
    if list then
      for _, seq in ipairs(step.seqs) do list[#list + 1] = seq end
    else
      seqs[step.lane] = step.seqs
    end
  end
end
for lane, list in pairs(seqs) do
  local running = format("%.0f:%d", lane, RUNNING)
  local final = format("%.0f:%d", lane, row.to)
  call("ZADD", P .. "final:" .. final, now, table.concat(list))
  if call("HINCRBY", P .. "counts", running, -#list) == 0 then call("HDEL", P .. "counts", running) end
  call("HINCRBY", P .. "counts", final, #list)
end
for claim, by in pairs(claims) do endClaim(format("%.0f", claim), by) end
if next(claims) then call("PUBLISH", P .. "settled", ARGV[2]) end

local outputs = {}
for i = after + (fence and 0 or size), #ARGV, 2 do
  local place = tonumber(ARGV[i])
  if not withheld[place] then
    outputs[#outputs + 1] = ids[place]
    outputs[#outputs + 1] = ARGV[i + 1]
  end
end
many("HDEL", P .. "errors", failed)
many("HSET", P .. "outputs", outputs)
if settle then closeRest() end
return { op, meta[2], refused }
`;
}

function indented(lua: string): string {
  return lua.replaceAll("\n", "\n    ");
}

/**
 * Ends leases with success. The output of a job whose cancellation was requested is discarded.
 *
 * ARGV[3…] number of completions, fence of all of them (empty: they differ), per completion 1 if its lease is gated, else 0;
 *          the ids as one text, or nothing and then each of them: they are not packed alike; the fences if they differ; per
 *          output: place of its completion, output
 * Returns  per completion that was refused: its place, stale | alreadyDone | gated: that is for `ackGated`
 */
export const ack = defineScript("ack", {
  kind: "free",
  body: bodyOf({ withGates: false }),
  rest: restOf({ withGates: false }),
});

/** As `ack`; they let others on, one after the other; at their gates those whose leases are gated. */
export const ackGated = defineScript("ackGated", {
  kind: "free",
  body: bodyOf({ withGates: true }),
  rest: restOf({ withGates: true }),
});
