-- What the scripts have in common; each is run with this before it.
--
-- KEYS[1] tickets: hash of id -> record
-- KEYS[2] queues:  sorted set, all scores 0, of (queue, since, id): one range a queue, the oldest first
-- KEYS[3] members: hash of member -> (end of its lease, name); "c": where the sweep is, "s": when it was, ms, "n": calls
--
-- A record, numbers of a byte but where said:
--   1 since, 6 bytes, ms, big-endian   13 session, 8 bytes   37 patience, ms, 4 bytes        44 flags: 1 open, 2 plain
--   7 until, 6 bytes, as since         21 member, 8 bytes    41 how many interests           45 worth, 9 floats
--                                      29 relay, 8 bytes     42 recent, 43 avoid             81 interests, recent, avoid: 8 bytes each
local tickets, queues, members = KEYS[1], KEYS[2], KEYS[3]
local call, sub, byte, unpacked = redis.call, string.sub, string.byte, struct.unpack

-- forget is how long, in ms, a gate is kept that no member renews.
local forget = 30000

local function clock()
	local t = call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- places lists where a ticket stands in the queues: among all; among the open; and in the queue of each interest.
local function places(id, record)
	local tail = sub(record, 1, 6) .. id
	local list = {'a' .. tail}
	local flags = byte(record, 44)
	if flags % 2 == 1 then list[2] = 'o' .. tail end
	if flags < 2 then
		for at = 81, 73 + 8 * byte(record, 41), 8 do list[#list + 1] = 'i' .. sub(record, at, at + 7) .. tail end
	end
	return list
end

local function take(id, record)
	call('HDEL', tickets, id)
	call('ZREM', queues, unpack(places(id, record)))
end

-- leases are the ends of the members' leases that were looked up.
local leases = {}

local function leaseOf(member)
	local entry = call('HGET', members, member)
	local lease = entry and unpacked('>I6', entry) or 0
	leases[member] = lease
	return lease
end

local function alive(record, now)
	local member = sub(record, 21, 28)
	return unpacked('>I6', record, 7) >= now and (leases[member] or leaseOf(member)) >= now
end

local function lease(member, name, now, ms)
	leases[member] = now + ms
	call('HSET', members, member, struct.pack('>I6', now + ms) .. name)
end

local function keep()
	for _, key in ipairs(KEYS) do call('PEXPIRE', key, forget) end
end

-- sweep removes the dead among the next so many tickets, and when it is through all of them
-- begins anew and forgets members that have long been gone.
local function sweep(now, most)
	local at = call('HGET', members, 'c') or 'a'
	local list = call('ZRANGEBYLEX', queues, '(' .. at, '(b', 'LIMIT', '0', most)
	local dead = 0
	if #list > 0 then
		local ids = {}
		for i, place in ipairs(list) do ids[i] = sub(place, -16) end
		for i, record in ipairs(call('HMGET', tickets, unpack(ids))) do
			if not record then
				call('ZREM', queues, list[i])
			elseif not alive(record, now) then
				take(ids[i], record)
				dead = dead + 1
			end
		end
	end
	if #list < most then
		at = 'a'
		local all = call('HGETALL', members)
		for i = 1, #all, 2 do
			if #all[i] == 8 and unpacked('>I6', all[i + 1]) + 2 * forget < now then call('HDEL', members, all[i]) end
		end
	else
		at = list[#list]
	end
	call('HSET', members, 'c', at)
	return dead
end
