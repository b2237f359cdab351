/** Lua that knows who holds which unique key: the rule of `core/unique.ts`, for scripts in which keys count. */
export const uniqueKeys = `
local KEY_OWNERS, UNIQUES, RESERVED, ASIDE = P .. "keys", P .. "uniques", P .. "reserved", P .. "aside"
-- by id: {key, scope, forMs or false}, or false
local uniques = {}

local function learnUniques(ids)
  local values = readMany(UNIQUES, ids)
  for i = 1, #ids do uniques[ids[i]] = values[i] and cmsgpack.unpack(values[i]) end
end

local function uniqueOf(id)
  if uniques[id] == nil then learnUniques({ id }) end
  return uniques[id]
end

-- whether a job would hold its key in this state
local function holds(job, state)
  local unique = uniqueOf(job[ID])
  if not unique or unique[3] and job[ENQUEUED_AT] + unique[3] <= now then return false end
  local scope = unique[2]
  if scope == "any" or scope == "succeeded" and state == SUCCEEDED then return true end
  return state < SUCCEEDED and (scope ~= "waiting" or job[FENCE] == 0)
end

-- the job of this id, which took a key last, if it holds that still
local function holder(id)
  local job = id and (loaded[id] or loadAll({ id })[1])
  return job and holds(job, job[STATE]) and job or nil
end

local function reservedMember(job) return bytesOf(job[SEQ]) .. job[ID] end
`;
