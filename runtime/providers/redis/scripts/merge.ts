/** Lua that takes members of lanes in the order of offers: `take(queue, maxVersions, limit, members)` adds to `members`. */
export const merging = `
-- whether one comes before the other, by (priority, runAt, seq); as numbers, for Lua compares text by the locale
local function before(a, b)
  for i = 1, 3 do
    if a[i] ~= b[i] then return a[i] < b[i] end
  end
  return false
end

-- The sets are read in parts, so that many lanes cost no more than few.
local function merge(keys, limit, found)
  local part = math.max(4, math.ceil(2 * limit / #keys))
  local parts, fronts, taken, gone = {}, {}, {}, {}
  local function look(i)
    local at, members = taken[i] or 0, parts[i]
    if not members or (at % part == 0 and at > 0) then
      members = call("ZRANGE", keys[i], at, at + part - 1, "WITHSCORES")
      parts[i] = members
    end
    local place = 2 * (at % part) + 1
    fronts[i] = nil
    if members[place] then
      local runAt, seq = unpackBytes(">I6I6", members[place])
      fronts[i] = { tonumber(members[place + 1]), runAt, seq, members[place] }
    end
  end
  for i = 1, #keys do look(i) end
  for _ = 1, limit do
    local best
    for i = 1, #keys do
      if fronts[i] and (not best or before(fronts[i], fronts[best])) then best = i end
    end
    if not best then break end
    local member = fronts[best][4]
    found[#found + 1] = member
    local list = listAt(gone, keys[best])
    list[#list + 1] = member
    taken[best] = (taken[best] or 0) + 1
    look(best)
  end
  for key, members in pairs(gone) do many("ZREM", key, members) end
end

local function take(queue, maxVersions, limit, members)
  local keys, entries = {}, call("HGETALL", P .. "lanes:" .. queue)
  for i = 1, #entries, 2 do
    local version, name = string.match(entries[i], "^(%d+):(.*)$")
    local max = maxVersions[name]
    if max and tonumber(version) <= max then
      keys[#keys + 1] = P .. "ready:" .. entries[i + 1]
      laneCache[tonumber(entries[i + 1])] = { queue, name, tonumber(version) }
    end
  end
  if #keys > 1 then return merge(keys, limit, members) end
  -- not ZPOPMIN, which writes the scores as text
  local found = #keys == 1 and call("ZRANGE", keys[1], "0", limit - 1) or {}
  if #found > 0 then call("ZREMRANGEBYRANK", keys[1], "0", #found - 1) end
  for _, member in ipairs(found) do members[#members + 1] = member end
end
`;
