import { schemaVersion } from "./layout.ts";
import { bareScript } from "./script.ts";

/**
 * Looks at the namespace, and makes its marker if there is nothing yet. Touches nothing that is not jobwright's.
 *
 * KEYS[1]  marker key, `{namespace}:meta`
 * KEYS[2]  a key that is never there: see `connection.ts`
 * ARGV[1]  id of the history that begins if there is none; empty: only look
 * Returns  version before; version now (0: none); or an error `JWFOREIGN <key> <type>`
 */
export const migrate = bareScript(
  "migrate",
  `
local P = string.sub(KEYS[1], 1, -5)
local types = {
  jobs = "hash", heads = "hash", payloads = "hash", outputs = "hash", errors = "hash", lanes = "hash", counts = "hash",
  index = "zset", scheduled = "zset", leases = "zset", claims = "hash",
  paused = "set", ["paused:names"] = "set", uniques = "hash", keys = "hash", reserved = "zset", schedules = "hash", tags = "hash", limits = "hash",
  gates = "hash", starting = "zset", opening = "zset", aside = "zset", held = "zset", needed = "hash", deciding = "zset",
  ["schedules:keys"] = "zset",
}
local function typeOf(key) return redis.call("TYPE", key).ok end
local marker = typeOf(KEYS[1])
local version = marker == "hash" and redis.call("HGET", KEYS[1], "version")
if marker ~= "none" and not version then return redis.error_reply("JWFOREIGN meta " .. marker) end
for name, expected in pairs(types) do
  local found = typeOf(P .. name)
  -- With a marker the store is ours, and its keys come and go. Without one, any of them belongs to somebody else.
  if found ~= "none" and (found ~= expected or not version) then
    return redis.error_reply("JWFOREIGN " .. name .. " " .. found)
  end
end
local from = tonumber(version) or 0
if ARGV[1] == "" or from >= ${schemaVersion} then return { from, from } end
if from > 0 then
  -- The next prune looks at them again, and also puts them aside, which version 1 did not know.
  if from == 1 then redis.call("ZUNIONSTORE", P .. "reserved", 1, P .. "reserved", "WEIGHTS", 0) end
  -- Heads of version 2 stay as they are until the next change of their job.
  redis.call("HSET", KEYS[1], "version", "${schemaVersion}")
  return { from, ${schemaVersion} }
end
redis.call("HSET", KEYS[1], "version", "${schemaVersion}", "born", ARGV[1])
return { 0, ${schemaVersion} }
`,
);
