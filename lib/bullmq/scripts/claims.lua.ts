/** Who may deliver what, and when. */
export const CLAIM_SCRIPTS = {
  beat: `
    local process_name, lease = arg(), arg()
    call('SET', name('alive', process_name), 1, 'PX', lease)
    return 1`,

  leave: `
    call('DEL', name('alive', arg()))
    return 1`,

  /**
   * The time, the gate, whether an operator paused the queue, and jobs that need one of BullMQ's: id,
   * number, due time.
   */
  look: `
    local limit, horizon = arg(), tonumber(given())
    if horizon then
      -- Due further ahead than any backoff: left over from a clock that was wrong.
      local function mend(id)
        local row = id and fields(id, 'state', 'owner', 'due') or {}
        if row[1] == 'pending' and not row[2] and row[3] and row[3] - now > horizon then
          ready(id, now)
        end
      end
      local from = now + horizon
      for _, token in ipairs(call('ZREVRANGEBYSCORE', queue .. 'delayed', '+inf', from * 4096, 'LIMIT', 0, 100)) do
        mend(string.match(token, '^(.*)%.%d+$'))
      end
      for _, id in ipairs(call('ZREVRANGEBYSCORE', root .. 'turn', '+inf', from, 'LIMIT', 0, 100)) do
        mend(id)
      end
    end
    local turn = {}
    local ids = call('ZRANGE', root .. 'turn', 0, limit - 1, 'WITHSCORES')
    for i = 1, #ids, 2 do
      local row = fields(ids[i], 'gen', 'kind')
      if row[1] then
        turn[#turn + 1] = { ids[i], row[1], ids[i + 1], row[2] }
      else
        call('ZREM', root .. 'turn', ids[i])
      end
    end
    return {
      now, call('HGET', root .. 'program', 'gate') or '', call('HEXISTS', queue .. 'meta', 'paused'), turn,
    }`,

  /** These jobs of BullMQ's have been made. */
  placed: `
    for _ = 1, #ARGV / 2 do
      local id, gen = arg(), arg()
      local row = fields(id, 'gen')
      if row[1] == gen and call('EXISTS', queue .. id .. '.' .. gen) == 1 then
        call('ZREM', root .. 'turn', id)
      end
    end
    return 1`,

  /**
   * BullMQ has brought these up. For each, what it says if it may be delivered, or nothing; those that
   * are too many come up again.
   */
  claim: `
    local fence, lease, horizon, left = arg(), arg(), tonumber(arg()), tonumber(arg())
    call('SET', name('alive', process(fence)), 1, 'PX', lease)
    local found = {}
    for i = 1, (#ARGV - 4) / 2 do
      local id, gen = arg(), arg()
      local row = fields(id, 'kind', 'lane', 'ref', 'payload', 'at', 'attempts', 'progress',
        'state', 'owner', 'due', 'gen')
      found[i] = false
      if not row[1] then
        used_up(id)
      elseif row[11] == gen and row[8] == 'pending' then
        -- A client that got no answer asks again: what it was given then is its own.
        local silent = row[9] and row[9] ~= fence and silence(row[9]) or -2
        if silent > 0 then
          arm(id, now + silent + 50)
        elseif call('LINDEX', name('lane', row[2]), 0) ~= id then
          call('HDEL', name('row', id), 'owner', 'due')
        elseif row[10] and row[10] - now > 0 and row[10] - now <= horizon then
          arm(id, row[10])
        elseif left == 0 then
          arm(id, now)
        else
          left = left - 1
          call('HSET', name('row', id), 'owner', fence)
          call('HDEL', name('row', id), 'due')
          found[i] = {
            row[1], row[2], row[3] or '', row[4], row[5], row[6], row[7] or '', row[7] and 1 or 0,
          }
        end
      end
    end
    return found`,

  /** Changes the gate if it is as expected; else the time, and how it is. */
  gate: `
    local expected, after = arg(), arg()
    local gate = call('HGET', root .. 'program', 'gate') or ''
    if gate ~= expected then return { now, gate } end
    call('HSET', root .. 'program', 'gate', after)
    return false`,
};
