/** What is heard twice, or late, is heard before that. */
const LATE_MS = 600_000;

/**
 * What all scripts share. Beside BullMQ's jobs, which say when to look at one of ours, these are the
 * books: what each job says, whose it is, the order of each lane, and the numbers.
 *
 * - `row:<id>`: a job that isn't settled.
 * - `lane:<lane>`: a list of the ids in it, in order. Only the first has a due time.
 * - `open`, `dead`: sorted sets of ids, by the time of acceptance.
 * - `turn`: a sorted set of ids that need a job of BullMQ's, by the time it shall come up. Whoever sees
 *   one makes it: so none is forgotten if a process dies between the two.
 * - `ledger:<lane>`: a list of what became of settled jobs, the newest first.
 * - `key:<kind>\n<key>`: who holds a key.
 * - `alive:<process>`: is there as long as that process is heard from.
 * - `ended:<id>`: who ended a job of which nothing else is kept.
 * - `gone:<id>`: a job of BullMQ's came up for it, and was used up; or nobody wants it any more.
 * - `counts`, `program`: hashes.
 *
 * KEYS[1] is the root of all of these, KEYS[2] that of BullMQ's queue. `arg()` takes the next argument.
 */
export const PRELUDE = `
local root, queue = KEYS[1], KEYS[2]
local call = redis.call
local at = 0
local function arg()
  at = at + 1
  return ARGV[at]
end
local function given()
  local value = arg()
  if value == '' then return nil end
  return value
end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function name(what, of) return root .. what .. ':' .. of end
local function fields(id, ...)
  local values = call('HMGET', name('row', id), ...)
  for i = 1, #values do values[i] = values[i] or nil end
  return values
end
local function count(kind, outcome, by)
  call('HINCRBY', root .. 'counts', kind .. '\\n' .. outcome, by)
end
local function owns(id, fence)
  return call('HGET', name('row', id), 'owner') == fence
end
local function process(fence) return string.match(fence, '^[^.]+') end
local function silence(fence) return call('PTTL', name('alive', process(fence))) end

-- BullMQ shall bring it up then; what it brings up under an earlier number no longer counts.
local function arm(id, due)
  call('HINCRBY', name('row', id), 'gen', 1)
  call('ZADD', root .. 'turn', due, id)
end
local function ready(id, due)
  call('HSET', name('row', id), 'due', due)
  arm(id, due)
end
-- If the first of a lane waits for nothing but its turn, this is it.
local function advance(lane)
  local head = call('LINDEX', name('lane', lane), 0)
  if not head then return end
  local row = fields(head, 'state', 'owner', 'due')
  if row[1] == 'pending' and not row[2] and not row[3] then ready(head, now) end
end

local function ended(id, by) call('SET', name('ended', id), by or '', 'PX', ${LATE_MS}) end
local function used_up(id) call('SET', name('gone', id), 1, 'NX', 'PX', ${LATE_MS}) end
local function keys_of(holds)
  if not holds then return {} end
  return cjson.decode(holds)
end
local function release_keys(id, holds, after)
  for _, each in ipairs(keys_of(holds)) do
    local key = name('key', each)
    if call('HGET', key, 'id') == id then
      if after > 0 then call('PEXPIRE', key, after) else call('DEL', key) end
    end
  end
end
local function write_ledger(lane, entry, keep)
  if keep <= 0 then return ended(entry.id, entry.by) end
  local ledger = name('ledger', lane)
  call('LPUSH', ledger, cjson.encode(entry))
  call('PEXPIRE', ledger, keep)
  for _ = 1, 10 do
    local oldest = call('LINDEX', ledger, -1)
    if not oldest or cjson.decode(oldest).settledAt >= now - keep then return end
    call('RPOP', ledger)
  end
end
local function forget_row(id, lane)
  call('DEL', name('row', id))
  call('LREM', name('lane', lane), 1, id)
  call('ZREM', root .. 'open', id)
  call('ZREM', root .. 'turn', id)
  call('ZREM', root .. 'dead', id)
end
-- Of a lane, nothing that was settled is kept; how many that were.
local function forget_ledger(lane)
  local ledger = call('LRANGE', name('ledger', lane), 0, -1)
  for _, text in ipairs(ledger) do
    local entry = cjson.decode(text)
    release_keys(entry.id, entry.holds, 0)
    ended(entry.id, entry.by)
  end
  call('DEL', name('ledger', lane))
  return #ledger
end
-- A pending job ends; what it said is erased.
local function finish(id, ending, keep)
  local row = fields(id, 'kind', 'lane', 'ref', 'at', 'attempts', 'key', 'holds')
  write_ledger(row[2], {
    id = id, kind = row[1], ref = row[3], acceptedAt = tonumber(row[4]),
    attempts = tonumber(row[5]), key = row[6], holds = row[7],
    outcome = ending.outcome, reason = ending.reason, detail = ending.detail,
    by = ending.by, settledAt = now,
  }, keep)
  release_keys(id, row[7], ending.frees and 0 or keep)
  forget_row(id, row[2])
  count(row[1], 'pending', -1)
  count(row[1], ending.outcome, 1)
  advance(row[2])
end
-- The entry of a job that was settled not long ago.
local function settled(lane, id)
  for _, text in ipairs(call('LRANGE', name('ledger', lane), 0, 99)) do
    local entry = cjson.decode(text)
    if entry.id == id then return entry end
  end
end
`;
