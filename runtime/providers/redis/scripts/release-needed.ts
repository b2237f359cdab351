/** Lua that deletes the edges of a job with it: what it was the last to need is kept no longer. For scripts with `uniqueKeys`. */
export const releaseNeeded = `
local NEEDERS = P .. "needed"

-- a job that was put aside is final as others are
local function takeBack(job)
  call("ZREM", ASIDE, bytesOf(job[SEQ]))
  call("ZADD", finalKey(job[LANE], job[STATE]), job[FINISHED_AT], bytesOf(job[SEQ]))
end

-- whether a job was the last that needed another one
local function wasLast(id, needed, known)
  if known == id then return true end
  local key = P .. "needed:" .. needed
  return known and call("ZREM", key, id) == 1 and call("EXISTS", key) == 0
end

local function releaseNeeded(id)
  local needed, free = {}, {}
  for i, entry in ipairs(call("LRANGE", P .. "needs:" .. id, 0, -1)) do needed[i] = sub(entry, 2) end
  for i, known in ipairs(readMany(NEEDERS, needed)) do
    if wasLast(id, needed[i], known) then free[#free + 1] = needed[i] end
  end
  many("HDEL", NEEDERS, free)
  call("DEL", P .. "needs:" .. id, P .. "edges:" .. id)
  for _, job in ipairs(loadAll(free)) do
    if job and call("ZSCORE", ASIDE, bytesOf(job[SEQ])) then takeBack(job) end
  end
end
`;
