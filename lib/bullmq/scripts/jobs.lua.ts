/** The life of a job, but for who may deliver it. Each is atomic, and may be repeated. */
export const JOB_SCRIPTS = {
  /**
   * 1 if it is the first of its lane, 0 if not; -1 if it was settled before, -2 if its job of BullMQ's
   * is used up. Without a fence it is nobody's.
   */
  accept: `
    local id, fence, lease, keep = arg(), given(), arg(), tonumber(arg())
    local kind, lane, ref, payload, accepted = arg(), arg(), given(), arg(), arg()
    local replaces, replaced_fence = given(), given()
    if fence then call('SET', name('alive', process(fence)), 1, 'PX', lease) end
    local row, line = name('row', id), name('lane', lane)
    if call('EXISTS', row) == 0 then
      -- Heard twice, and late: it is over.
      if settled(lane, id) or call('EXISTS', name('ended', id)) == 1 then return -1 end
      if call('EXISTS', queue .. id .. '.0') == 0 or call('EXISTS', name('gone', id)) == 1 then
        return -2
      end
      call('HSET', row, 'kind', kind, 'lane', lane, 'payload', payload, 'at', accepted,
        'state', 'pending', 'attempts', 0, 'gen', 0)
      if fence then call('HSET', row, 'owner', fence) end
      if ref then call('HSET', row, 'ref', ref) end
      call('RPUSH', line, id)
      call('ZADD', root .. 'open', accepted, id)
      count(kind, 'accepted', 1)
      count(kind, 'pending', 1)
      advance(lane)
    end
    if replaces and owns(replaces, replaced_fence) then
      finish(replaces, { outcome = 'discarded', by = replaced_fence }, keep)
    end
    if call('LINDEX', line, 0) == id then return 1 end
    return 0`,

  /** How it ended at once; nothing if it will be delivered. */
  submit: `
    local id, keep = arg(), tonumber(arg())
    local kind, lane, ref, payload, accepted = arg(), arg(), given(), arg(), arg()
    local key, digest, same, different, withdrawn = given(), arg(), arg(), arg(), arg()
    local undoes = given()
    local row = name('row', id)
    if call('EXISTS', row) == 1 then return false end
    if undoes then lane = call('HGET', name('key', undoes), 'lane') or lane end
    local before = settled(lane, id)
    if before then return before.by == 'submit' and before.outcome end
    local own = key and kind .. '\\n' .. key
    local holder = own and call('HMGET', name('key', own), 'id', 'digest')
    call('HSET', row, 'kind', kind, 'lane', lane, 'payload', payload, 'at', accepted,
      'state', 'pending', 'attempts', 0, 'gen', 0)
    if ref then call('HSET', row, 'ref', ref) end
    if key then call('HSET', row, 'key', key) end
    call('RPUSH', name('lane', lane), id)
    call('ZADD', root .. 'open', accepted, id)
    count(kind, 'accepted', 1)
    count(kind, 'pending', 1)
    if holder and holder[1] then
      local outcome = withdrawn
      if holder[2] then outcome = holder[2] == digest and same or different end
      finish(id, { outcome = outcome, by = 'submit' }, keep)
      return outcome
    end
    local holds = {}
    local function hold(what, with)
      if call('EXISTS', name('key', what)) == 1 then return end
      call('HSET', name('key', what), 'id', id, 'lane', lane)
      if with then call('HSET', name('key', what), 'digest', with) end
      holds[#holds + 1] = what
    end
    if own then hold(own, digest) end
    if undoes then hold(undoes) end
    if #holds > 0 then call('HSET', row, 'holds', cjson.encode(holds)) end
    advance(lane)
    return false`,

  /** Whether it was ours. */
  discard: `
    local id, fence, keep = arg(), arg(), tonumber(arg())
    -- It may be kept only after this.
    if call('EXISTS', name('row', id)) == 0 then used_up(id) end
    if not owns(id, fence) then return 0 end
    finish(id, { outcome = 'discarded', by = fence }, keep)
    return 1`,

  /** For each, whether it was ours. */
  free: `
    local freed = {}
    for i = 1, #ARGV / 2 do
      local id, fence = arg(), arg()
      freed[i] = 0
      if owns(id, fence) then
        local lane = fields(id, 'lane')[1]
        call('HDEL', name('row', id), 'owner', 'due')
        advance(lane)
        freed[i] = 1
      end
    end
    return freed`,

  note: `
    local id, fence, progress = arg(), arg(), arg()
    if not owns(id, fence) then return 0 end
    call('HSET', name('row', id), 'progress', progress)
    return 1`,

  /** Whether it was ours, and the gate. */
  settle: `
    local id, fence, lane, keep = arg(), arg(), arg(), tonumber(arg())
    local outcome, reason, detail, frees, forgets = arg(), given(), given(), given(), given()
    local gate = call('HGET', root .. 'program', 'gate')
    if owns(id, fence) then
      local ending = { outcome = outcome, reason = reason, detail = detail, frees = frees, by = fence }
      finish(id, ending, keep)
      if forgets then
        forget_ledger(lane)
        ended(id, fence)
      end
      return { 1, gate }
    end
    local before = settled(lane, id)
    local by = before and before.by or call('GET', name('ended', id))
    return { by == fence and 1 or 0, gate }`,

  /** How long it has been failing, as far as that is known. */
  patience: `
    local id, fence = arg(), arg()
    local row = fields(id, 'owner', 'failed', 'excused')
    return { row[1] == fence and 1 or 0, row[2] or '', row[3] or '' }`,

  /** Whether it was ours. */
  fail: `
    local id, fence, how, delay, reason, excused = arg(), arg(), arg(), tonumber(arg()), arg(), arg()
    if not owns(id, fence) then return 0 end
    local row = name('row', id)
    call('HDEL', row, 'owner', 'due')
    call('HSET', row, 'reason', reason)
    if how == 'dead' then
      local facts = fields(id, 'kind', 'at')
      call('HSET', row, 'state', 'dead', 'ended', now)
      call('ZREM', root .. 'open', id)
      call('ZADD', root .. 'dead', facts[2], id)
      count(facts[1], 'pending', -1)
      count(facts[1], 'dead', 1)
      return 1
    end
    if how == 'postpone' then
      call('HINCRBY', row, 'attempts', 1)
      call('HSETNX', row, 'failed', now)
      call('HSETNX', row, 'excused', excused)
    end
    ready(id, now + delay)
    return 1`,
};
