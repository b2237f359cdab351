/**
 * Lua for scripts that may move one job several times. `reply` removes members before it adds any: a member that is added
 * and removed again must not wait for that.
 */
export const flushSets = `
local function clear(list)
  for i = #list, 1, -1 do list[i] = nil end
end

-- in place, as others hold these lists
local function flushSets()
  writeSets()
  for key in pairs(removed) do removed[key] = nil end
  for _, members in pairs(readied) do clear(members) end
  clear(scheduled)
  for field in pairs(ended) do ended[field] = nil end
end
`;
