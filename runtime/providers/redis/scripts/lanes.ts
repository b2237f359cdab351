/** Lua for scripts that take jobs out of lanes for good: a lane goes with its last job. To be called after `reply`. */
export const forgetLanes = `
local function forgetLanes(lanes)
  for lane in pairs(lanes) do
    local used = false
    for state = 1, 8 do
      used = used or call("HEXISTS", P .. "counts", lane .. ":" .. state) == 1
    end
    if not used then
      local known = laneOf(lane)
      call("HDEL", P .. "lanes:" .. known[1], format("%.0f", known[3]) .. ":" .. known[2])
      call("HDEL", P .. "lanes", lane)
    end
  end
end
`;
