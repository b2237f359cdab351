import { defineScript } from "./script.ts";
import { luaTransitions } from "./transition-table.ts";

/**
 * Ends leases with success. The output of a job whose cancellation was requested is discarded.
 *
 * ARGV[3…] per completion: id, fence, 1 if there is an output else 0, output
 * Returns  per completion: ok | stale | alreadyDone
 */
export const ack = defineScript("ack", {
  kind: "free",
  body: `${luaTransitions(["ack"])}
local result = {}
for i = 3, #ARGV, 4 do
  local id = ARGV[i]
  local job = load(id)
  local t = job and job.fence == tonumber(ARGV[i + 1]) and (T["ack"][situation(job)] or "alreadyDone")
  if not t or t == "alreadyDone" then
    result[#result + 1] = t or "stale"
  else
    apply(job, t, {})
    save(job)
    if job.state == SUCCEEDED then
      call("HDEL", P .. "errors", id)
      if ARGV[i + 2] == "1" then call("HSET", P .. "outputs", id, ARGV[i + 3]) end
    end
    result[#result + 1] = "ok"
  end
end
return reply(result)
`,
});
