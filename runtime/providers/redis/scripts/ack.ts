import { edgesAndGates } from "./edges.ts";
import { fullHead } from "./head.ts";
import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

const bounce = `  if job and (job[KIND] >= GATED or isNeeded(job)) then t = "gated" end
`;

/** What follows on an accepted completion of a job with gates, or that others need. */
const letOthersOn = `
    if concerns(job) then letOn({ job }, byte(ARGV[5], place) ~= 49) end`;

/** Jobs that "settleRunning" has ended, and on which nothing follows. */
const keepRun = `
local endRun = writeRun
`;

/** The same, and those that others need: these let them on one after the other, as all others do. */
const keepRunAndFollow = `
local followed = {}
local function endRun()
  writeRun()
  if #followed == 0 then return end
  edges.expect(followed)
  for _, id in ipairs(followed) do
    local child, more = edges.decideOnly(id)
    if child then letOn({ child }) end
    if more then letOn({ loadAll({ id })[1] }) end
  end
  followed = {}
end
`;

function bodyOf({ withGates }: { readonly withGates: boolean }): string {
  return `${luaTransitions(["ack"])}${withGates ? edgesAndGates : ""}
local size, fence = tonumber(ARGV[3]), tonumber(ARGV[4])
local ids = { unpack(ARGV, 6, 5 + size) }
local kept = readMany(HEADS, ids)
local refused, accepted, failed = {}, {}, {}

local function accept(place, state, fenceOfJob)
  accepted[place] = state == SUCCEEDED
  -- Only an earlier attempt can have left an error.
  if state == SUCCEEDED and fenceOfJob > 1 then failed[#failed + 1] = ids[place] end
end

local function settle(place, expected)
  local job = loadAll({ ids[place] })[1]
  local t = job and job[FENCE] == expected and (T["ack"][situation(job)] or "alreadyDone")
${withGates ? "" : bounce}  if not t or type(t) == "string" then
    refused[#refused + 1] = place
    refused[#refused + 1] = t or "stale"
  else
    apply(job, t)
    accept(place, job[STATE], job[FENCE])${withGates ? letOthersOn : ""}
  end
end

local row, seen, seqs = T["ack"][RUNNING], {}, {}

local function writeRun()
  if not next(seqs) then return end
  for lane, list in pairs(seqs) do
    settled = true
    local field = lane * 16 + row.to
    local before = ended[field]
    if before then
      for _, seq in ipairs(list) do before[#before + 1] = seq end
    else
      ended[field] = list
    end
    count(lane, RUNNING, -#list)
    count(lane, row.to, #list)
  end
  seqs = {}
  writeJobs()
end
${withGates ? keepRunAndFollow : keepRun}
-- What "settle" does to most jobs, without a table for each: whether this one was such.
local function settleRunning(place, expected)
  local id, head = ids[place], kept[place]
  if not head or seen[id] or loaded[id] then return false end
  local kind, state, lane, priority, maxCrashes, seq, enqueuedAt, runAt, attempt, crashes, fenceOfJob, _, marks, startedAt,
    _, progress, reason, claim = unpackBytes("${fullHead}", head)
  if state ~= RUNNING or marks % ${withGates ? "2" : "4"} ~= 0 or kind >= GATED or fenceOfJob ~= expected then return false end
  seen[id] = true
  heads[headsSize + 1], heads[headsSize + 2] = id, pack(
    "${fullHead}", kind, row.to, lane, priority, maxCrashes, seq, enqueuedAt, runAt, attempt, crashes, fenceOfJob, 0, marks,
    startedAt, now, progress, reason, 0)
  headsSize = headsSize + 2
  released[claim] = (released[claim] or 0) + 1
  local list = listAt(seqs, lane)
  list[#list + 1] = pack(">I6", seq)
  accept(place, row.to, fenceOfJob)${
    withGates
      ? `
  if marks % 4 >= NEEDED then followed[#followed + 1] = id end`
      : ""
  }
  return true
end

for place = 1, size do
  local expected = fence or tonumber(ARGV[5 + size + place])
  if not settleRunning(place, expected) then
    endRun()
    settle(place, expected)
  end
end
endRun()
local outputs = {}
for i = 6 + size + (fence and 0 or size), #ARGV, 2 do
  local place = tonumber(ARGV[i])
  if accepted[place] then
    outputs[#outputs + 1] = ids[place]
    outputs[#outputs + 1] = ARGV[i + 1]
  end
end
many("HDEL", P .. "errors", failed)
many("HSET", P .. "outputs", outputs)
return reply(refused)
`;
}

/**
 * Ends leases with success. The output of a job whose cancellation was requested is discarded.
 *
 * ARGV[3…] number of completions, fence of all of them (empty: they differ), per completion 1 if its lease is gated, else 0;
 *          the ids; the fences if they differ; per output: place of its completion, output
 * Returns  per completion that was refused: its place, stale | alreadyDone | gated: that is for `ackGated`
 */
export const ack = defineScript("ack", { kind: "free", body: bodyOf({ withGates: false }) });

/** As `ack`; they let others on, one after the other; at their gates those whose leases are gated. */
export const ackGated = defineScript("ackGated", { kind: "free", body: bodyOf({ withGates: true }) });
