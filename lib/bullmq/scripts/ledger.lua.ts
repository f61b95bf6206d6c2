/** What became of the jobs, and what is told of them. */
export const LEDGER_SCRIPTS = {
  enroll: `
    local program = root .. 'program'
    call('HSETNX', program, 'salt', arg())
    local row = call('HMGET', program, 'salt', 'keyHash', 'publicId')
    return { row[1], row[2] or '', row[3] or '' }`,

  remember: `
    local program = root .. 'program'
    for _ = 1, #ARGV / 2 do
      local field, value = arg(), given()
      if value then call('HSET', program, field, value) else call('HDEL', program, field) end
    end
    return 1`,

  stats: `
    return {
      now, call('HGETALL', root .. 'counts'), call('ZRANGE', root .. 'open', 0, 0, 'WITHSCORES'),
      call('HGET', root .. 'program', 'gate') or '', call('HEXISTS', queue .. 'meta', 'paused'),
    }`,

  /** Of a lane: its rows, and its ledger. */
  find: `
    local lane, keep = arg(), tonumber(arg())
    local rows, entries = {}, {}
    for _, id in ipairs(call('LRANGE', name('lane', lane), -1000, -1)) do
      rows[#rows + 1] = { id, call('HGETALL', name('row', id)) }
    end
    for _, text in ipairs(call('LRANGE', name('ledger', lane), 0, 999)) do
      if cjson.decode(text).settledAt >= now - keep then entries[#entries + 1] = text end
    end
    return { rows, entries }`,

  dead: `
    local after, accepted, limit = given(), arg(), tonumber(arg())
    local from = 0
    if after then
      local rank = call('ZRANK', root .. 'dead', after)
      from = rank and rank + 1 or call('ZCOUNT', root .. 'dead', '-inf', '(' .. accepted)
    end
    local rows = {}
    for _, id in ipairs(call('ZRANGE', root .. 'dead', from, from + limit - 1)) do
      rows[#rows + 1] = { id, call('HGETALL', name('row', id)) }
    end
    return rows`,

  /** Dead jobs of one id, one lane or one kind, or all: how many are pending again, and where to go on. */
  replay: `
    local from, id, lane, kind = tonumber(arg()), given(), given(), given()
    local limit = 500
    local ids
    if id then ids = { id }
    elseif lane then ids = call('LRANGE', name('lane', lane), 0, -1)
    else ids = call('ZRANGE', root .. 'dead', from, from + limit - 1) end
    local revived, left, lanes = 0, 0, {}
    for _, each in ipairs(ids) do
      local row = fields(each, 'state', 'kind', 'lane', 'at')
      if row[1] == 'dead' and (not kind or row[2] == kind) and (not lane or row[3] == lane) then
        local key = name('row', each)
        call('HSET', key, 'state', 'pending', 'attempts', 0)
        call('HDEL', key, 'failed', 'excused', 'reason', 'ended', 'due', 'owner')
        call('ZREM', root .. 'dead', each)
        call('ZADD', root .. 'open', row[4], each)
        count(row[2], 'dead', -1)
        count(row[2], 'pending', 1)
        lanes[#lanes + 1] = row[3]
        revived = revived + 1
      else
        left = left + 1
      end
    end
    for _, each in ipairs(lanes) do advance(each) end
    local more = not id and not lane and #ids == limit
    return { revived, more and from + left or -1 }`,

  /** How many entries of a lane are gone, and how many are being delivered. */
  forget: `
    local lane = arg()
    local gone, busy = 0, 0
    for _, id in ipairs(call('LRANGE', name('lane', lane), 0, -1)) do
      local row = fields(id, 'owner', 'state', 'kind', 'holds')
      if row[1] and silence(row[1]) > 0 then
        busy = busy + 1
      else
        gone = gone + 1
        if row[2] == 'pending' then
          count(row[3], 'pending', -1)
          count(row[3], 'discarded', 1)
        end
        release_keys(id, row[4], 0)
        forget_row(id, lane)
        ended(id)
      end
    end
    gone = gone + forget_ledger(lane)
    advance(lane)
    return { gone, busy }`,

  /** Forgets dead jobs that ended long ago; where to go on. The rest of the ledger ends by itself. */
  purge: `
    local from, keep, limit = tonumber(arg()), tonumber(arg()), tonumber(arg())
    local ids = call('ZRANGE', root .. 'dead', from, from + limit - 1)
    local left = 0
    for _, id in ipairs(ids) do
      local row = fields(id, 'lane', 'ended', 'holds')
      if tonumber(row[2]) < now - keep then
        release_keys(id, row[3], 0)
        forget_row(id, row[1])
        advance(row[1])
      else
        left = left + 1
      end
    end
    return #ids == limit and from + left or -1`,

  /** Jobs whose one of BullMQ's is gone, by an operator's hand, get another; where to go on. */
  mend: `
    local from, limit = tonumber(arg()), tonumber(arg())
    local ids = call('ZRANGE', root .. 'open', from, from + limit - 1)
    for _, id in ipairs(ids) do
      local row = fields(id, 'lane', 'owner', 'gen', 'due')
      local free = not row[2] or silence(row[2]) <= 0
      if free and call('LINDEX', name('lane', row[1]), 0) == id
        and not call('ZSCORE', root .. 'turn', id)
        and call('EXISTS', queue .. id .. '.' .. row[3]) == 0 then
        ready(id, row[4] or now)
      end
    end
    return #ids == limit and from + limit or -1`,
};
