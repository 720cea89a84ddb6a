-- Searches a partner for a ticket. Whom it finds is out; the ticket then is out as well, else in.
-- It makes the decisions of match/pool's search, and looks at as few tickets.
--
-- ARGV: id, flags, waited ms, its life ms, lease ms, most tickets, what it asks, name of the member,
--       rest of the record from byte 13 on, worth of its interests (floats), now ms or ''
-- It returns: outcome, visits, dead, recent, tickets, calls, and then
--   found:    waited ms, nats in common, session, name of the member, relay, id
--   not in:   nothing
--   waiting:  of the ticket that came closest, if any: waited ms, nats in common, patience ms, worth
local maxVisits, maxQueueVisits, maxOldest, indifferent = 12, 6, '32', 0.1
local limits = {'1', '2', '3', '4', '5', '6'} -- a number that goes to Redis is printed each time
local sweepEvery, sweepMost = 8, 16
local near = 0.05 -- nats that a partner of the same relay is preferred by; also one who has waited for half of its patience

local WAITING, FOUND, GONE, FULL = 0, 1, 2, 3

local id, flags, waited, life, leaseTime, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local ask, name, rest, idf = tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local now = tonumber(ARGV[11]) or clock()
local function has(flag) return flags % (2 * flag) >= flag end
local insert, known, ended, again, plain = has(1), has(2), has(4), has(8), has(16)

local session, member, relay = sub(rest, 1, 8), sub(rest, 9, 16), sub(rest, 17, 24)
local interests, recents, avoids = byte(rest, 29), byte(rest, 30), byte(rest, 31)
local listed = 69 -- where the lists begin in rest

local calls = call('HINCRBY', members, 'n', '1')
if calls == 1 then call('PEXPIRE', members, forget) end
local dead, recent = 0, 0
if calls % sweepEvery == 0 then dead = sweep(now, sweepMost) end

local own = (insert or known) and call('HGET', tickets, id)
if known and not own then return {GONE, 0, dead, 0, call('HLEN', tickets), calls} end
local since = own and sub(own, 1, 6) or struct.pack('>I6', now - waited)

-- Whom to look at: those with a common interest, the rarest first; then the oldest.
local ids, stands, seen, visits = {}, {}, {[id] = true}, 0
local function look(from, to, limit)
	local list = call('ZRANGEBYLEX', queues, from, to, 'LIMIT', '0', limit)
	for i = 1, #list do
		local other = sub(list[i], -16)
		if not seen[other] then
			seen[other] = true
			ids[#ids + 1] = other
			stands[#ids] = list[i]
		end
	end
	visits = visits + #list
end
local worth = {}
if interests > 0 then
	local values = {unpacked('<' .. string.rep('f', interests), idf)}
	for i = 1, interests do
		local tag = sub(rest, listed + 8 * i - 8, listed + 8 * i - 1)
		worth[tag] = values[i]
		local room = math.min(maxQueueVisits, maxVisits - visits)
		if room > 0 and not plain then look('[i' .. tag, '(i' .. tag .. '\255', limits[room]) end
	end
end
if ended or interests == 0 then look('[a', '(b', maxOldest) else look('[o', '(p', maxOldest) end

-- holds reports whether a tag is in a part of a list of tags.
local function holds(list, from, count, tag)
	local last = from + 8 * count
	local at = string.find(list, tag, from, true)
	while at and at < last do
		if (at - from) % 8 == 0 then return true end
		at = string.find(list, tag, at + 1, true)
	end
	return false
end

-- The best of those that can be taken now, the one among them whom it met of late, and the
-- closest of those that share an interest but cannot be taken yet.
local best, bestRank, bestCommon, late, lateRank, lateCommon, close, closeRank, closeCommon
local records = #ids > 0 and call('HMGET', tickets, unpack(ids)) or {}
for i = 1, #ids do
	local o = records[i]
	if not o then
		call('ZREM', queues, stands[i])
	else
		local since, untilThen, theirSession, theirMember, theirRelay, patience, count, theirRecents, theirAvoids = unpacked('>I6I6c8c8c8<I4BBB', o)
		if untilThen < now or (leases[theirMember] or leaseOf(theirMember)) < now then
			take(ids[i], o)
			dead = dead + 1
		else
			local wait = now - since
			if wait < 0 then wait = 0 end
			local theirs, overdue = 0, wait >= patience
			if not overdue then
				local part = wait / patience * 8
				local step = part - part % 1
				part = part - step
				local one, two = unpacked('<ff', o, 45 + 4 * step)
				theirs = one + (two - one) * part
			end
			local common = 0
			if interests > 0 then
				for at = 81, 73 + 8 * count, 8 do
					local nats = worth[sub(o, at, at + 7)]
					if nats then common = common + nats end
				end
			end
			local rank = common - ask - theirs
			local takes = ended or overdue
				or common > 0 and rank >= 0
				or common == 0 and (interests == 0 or count == 0) and rank >= -indifferent
			if takes or common > 0 then
				if theirRelay == relay or 2 * wait >= patience then rank = rank + near end
				rank = rank * 1e13 + wait -- of equals the oldest
				if takes and (not best or rank > bestRank) or not takes and (not close or rank > closeRank) then
					local theirList = 81 + 8 * count
					local may = theirSession ~= session
						and not (avoids > 0 and holds(rest, listed + 8 * (interests + recents), avoids, theirSession))
						and not (theirAvoids > 0 and holds(o, theirList + 8 * theirRecents, theirAvoids, session))
					local met = may and (recents > 0 and holds(rest, listed + 8 * interests, recents, theirSession)
						or theirRecents > 0 and holds(o, theirList, theirRecents, session))
					if may and takes and met then
						recent = 1
						if not late or rank > lateRank then late, lateRank, lateCommon = i, rank, common end
					elseif may and takes then
						best, bestRank, bestCommon = i, rank, common
					elseif may and not met then
						close, closeRank, closeCommon = i, rank, common
					end
				end
			end
		end
	end
end
if not best and again then best, bestCommon = late, lateCommon end

if best then
	local o = records[best]
	local entry = call('HGET', members, sub(o, 21, 28))
	take(ids[best], o)
	if own then take(id, own) end
	return {FOUND, visits, dead, recent, call('HLEN', tickets), calls,
		math.max(now - unpacked('>I6', o), 0), tostring(bestCommon), sub(o, 13, 20), sub(entry, 7), sub(o, 29, 36), ids[best]}
end

local count = call('HLEN', tickets)
if insert or known then
	if not own and count >= most then return {FULL, visits, dead, recent, count, calls} end
	local entry = call('HGET', members, member)
	if not entry or unpacked('>I6', entry) < now + leaseTime / 2 then lease(member, name, now, leaseTime) end
	local record = since .. struct.pack('>I6', now + life) .. rest
	call('HSET', tickets, id, record)
	if not own or byte(own, 44) ~= byte(record, 44) then
		local args = {}
		for _, place in ipairs(places(id, record)) do
			args[#args + 1] = '0'
			args[#args + 1] = place
		end
		call('ZADD', queues, unpack(args))
	end
	if not own then
		count = count + 1
		if count == 1 then keep() end
	end
end
if not close then return {WAITING, visits, dead, recent, count, calls} end
local o = records[close]
return {WAITING, visits, dead, recent, count, calls,
	math.max(now - unpacked('>I6', o), 0), tostring(closeCommon), unpacked('<I4', o, 37), sub(o, 45, 80)}
