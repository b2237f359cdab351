import { keptClaims } from "../../../core/kept-claims.ts";
import { beside } from "./head.ts";

/** Lua that keeps what is said of jobs beside their heads. The head remembers that there is something. */
export const markBeside = `
local function markBeside(job)
  if hasBeside(job) then return end
  job[KIND] = job[KIND] + ${beside}
  save(job)
end
`;

/** Lua that keeps attempts, for scripts that end them otherwise than with success. */
export const attempts = `${markBeside}
local workers = {}
local function workerOf(claim)
  workers[claim] = workers[claim] or claimOf(claim)[1]
  return workers[claim]
end

local function forgetAttempts(key, newest)
  local old = {}
  for _, fence in ipairs(call("HKEYS", key)) do
    if tonumber(fence) <= newest - ${keptClaims} then old[#old + 1] = fence end
  end
  many("HDEL", key, old)
end

-- Before the transition that ends the attempt. failure: an error as JSON, or false: the worker vanished.
local function recordAttempt(job, failure)
  local key, fence, attempt, worker = P .. "attempts:" .. job[ID], format("%.0f", job[FENCE]), job[ATTEMPT], nil
  if job[STATE] == RUNNING then
    worker = workerOf(job[CLAIM])
  else
    -- A late settlement: the entry of the crash knows the worker, and the attempt was given back.
    local crash = call("HGET", key, fence)
    worker = crash and cmsgpack.unpack(crash)[4] or ""
    attempt = attempt + 1
  end
  call("HSET", key, fence, cmsgpack.pack({ attempt, job[STARTED_AT], now, worker, failure }))
  if job[FENCE] > ${keptClaims} and call("HLEN", key) > ${keptClaims} then forgetAttempts(key, job[FENCE]) end
  markBeside(job)
end
`;
