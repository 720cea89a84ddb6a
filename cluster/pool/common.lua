-- What the scripts have in common; each is run with this before it.
--
-- KEYS[1] tickets:   hash of id -> record
-- KEYS[2] queue:     sorted set of ids by since, ms
-- KEYS[3] open:      the same of those that take anybody
-- KEYS[4] interests: hash of interest -> (since, id) of the oldest who have it, 32 at most. Who finds it full is
--                    listed by a later search; nobody looks at more than six of them
-- KEYS[5] members:   hash of member -> (end of its lease, name); "c": where the sweep is, "s": when it was, ms; "n": calls
--
-- A record of layout 1 (gate.go; another needs another number there), numbers of a byte but where said:
--   1 since, 6 bytes, ms, big-endian   13 session, 8 bytes   37 patience, ms, 4 bytes        44 flags: 1 open, 2 plain
--   7 until, 6 bytes, as since         21 member, 8 bytes    41 how many interests           45 worth, 9 floats
--                                      29 relay, 8 bytes     42 recent, 43 avoid             81 interests, recent, avoid: 8 bytes each
local tickets, queue, open, interests, members = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local call, sub, byte, find, unpacked = redis.call, string.sub, string.byte, string.find, struct.unpack

-- forget is how long, in ms, a gate is kept that no member renews; width is of an entry in a list.
local forget, width = 30000, 22

local function clock()
	local t = call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- tagsOf lists the interests by which a ticket is to be found.
local function tagsOf(record)
	local list = {}
	if byte(record, 44) < 2 then
		for at = 81, 73 + 8 * byte(record, 41), 8 do list[#list + 1] = sub(record, at, at + 7) end
	end
	return list
end

-- unlist takes an entry off the lists of these interests.
local function unlist(entry, tags)
	if #tags == 0 then return end
	local set, del = {}, {}
	for i, list in ipairs(call('HMGET', interests, unpack(tags))) do
		local at = list and find(list, entry, 1, true)
		if at and #list == width then
			del[#del + 1] = tags[i]
		elseif at then
			set[#set + 1] = tags[i]
			set[#set + 1] = sub(list, 1, at - 1) .. sub(list, at + width)
		end
	end
	if #set > 0 then call('HSET', interests, unpack(set)) end
	if #del > 0 then call('HDEL', interests, unpack(del)) end
end

local function take(id, record)
	call('HDEL', tickets, id)
	call('ZREM', queue, id)
	if byte(record, 44) % 2 == 1 then call('ZREM', open, id) end
	unlist(sub(record, 1, 6) .. id, tagsOf(record))
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
	local at = tonumber(call('HGET', members, 'c') or 0)
	local ids = call('ZRANGE', queue, at, at + most - 1)
	local dead = 0
	if #ids > 0 then
		for i, record in ipairs(call('HMGET', tickets, unpack(ids))) do
			if not record then
				call('ZREM', queue, ids[i])
				call('ZREM', open, ids[i])
			elseif not alive(record, now) then
				take(ids[i], record)
				dead = dead + 1
			end
		end
	end
	at = at + #ids - dead
	if #ids < most then
		at = 0
		local all = call('HGETALL', members)
		for i = 1, #all, 2 do
			if #all[i] == 8 and unpacked('>I6', all[i + 1]) + 2 * forget < now then call('HDEL', members, all[i]) end
		end
	end
	call('HSET', members, 'c', at)
	return dead
end
