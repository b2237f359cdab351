import { inlineLimit } from "./layout.ts";
import { apart, formats, fullStep, longOwn, shortLimits, shortOwn, shortStep } from "./head.ts";

/** What stands behind the seq in an own part. */
const [shortRest, longRest] = [shortOwn, longOwn].map((own) => own.replace(/^I6/, ""));

/** Lua about new jobs, for scripts that mention it. */
export const creating = `
local function makeLane(queue, name, version)
  local lane = call("HINCRBY", KEYS[1], "lane", 1)
  call("HSET", P .. "lanes:" .. queue, version .. ":" .. name, lane)
  call("HSET", P .. "lanes", lane, cmsgpack.pack({ queue, name, tonumber(version) }))
  return lane
end

-- Of a run of jobs: the step of their heads, that of those whose payloads lie apart, and what stands behind the seq.
local function newHeads(flags, state, marks, lane, maxCrashes, runAt, priority)
  if runAt == now and now % 1 == 0 and now >= 0 and now < ${shortLimits.time} and lane < ${shortLimits.lane}
    and maxCrashes < ${shortLimits.maxCrashes} and priority == 0 and flags == 0 and marks == 0 then
    return pack(">${shortStep}", ${formats.short}, lane), pack(">${shortStep}", ${formats.short + apart}, lane),
      pack(">${shortRest}", now, maxCrashes)
  end
  local function step(kind)
    return pack(">${fullStep}", ${formats.full}, kind, state, marks, lane, 0, 0, 0, 0, NONE, NONE, NONE, 0, 0)
  end
  return step(flags), step(flags + ${apart}), pack(">${longRest}", now, maxCrashes, runAt, priority)
end
`;

/** Local names for both of what follows. */
export const newJobLists = `
local jobs, payloads, written = {}, {}, {}
-- by place of 64 jobs in the index, which Redis packs: bytes of their own places, ids. A byte is quicker than its number
local chunks, chunk, members = {}, nil, nil
`;

/**
 * Lines that gather the i-th job of the run that begins at ARGV[at], which is to be written. They are no function: most of what a
 * plain job costs would be the call of it. `set`, `prefix`: where the job waits; for the rest see `newHeads`.
 */
export const gatherJob = `
written[id] = result
seq, added = seq + 1, added + 1
local payload, seqBytes, last = ARGV[at + 7 + 2 * i], pack(">I6", seq), #jobs
jobs[last + 1] = id
if #payload > ${inlineLimit} then
  payloads[#payloads + 1] = id
  payloads[#payloads + 1] = payload
  jobs[last + 2] = apartStep .. seqBytes .. rest
else
  jobs[last + 2] = step .. seqBytes .. rest .. payload
end
last = #set
set[last + 1], set[last + 2] = state == READY and priority or runAt, prefix .. seqBytes .. id
local offset = seq % 64
if offset == 0 or not chunk then
  chunk, members = floor(seq / 64), {}
  chunks[chunk] = members
end
last = #members
members[last + 1], members[last + 2] = string.char(offset), id
`;

/** Lines that write the jobs that were gathered, of which there is one at least. */
export const writeNewJobs = `
many("HSET", JOBS, jobs)
many("HSET", P .. "payloads", payloads)
for at, entries in pairs(chunks) do
  local name = format("%.0f", at)
  call("HSET", P .. "index:" .. name, unpack(entries))
  call("ZADD", P .. "index", name, name)
end
call("HSET", KEYS[1], "seq", seq)
`;
