-- Searches a partner for a ticket. Whom it finds is out; the ticket then is out as well, else in.
-- It makes the decisions of match/pool's search, and looks at as few tickets.
--
-- ARGV: id, flags, waited ms, its life ms, lease ms, most tickets, what it asks, name of the member,
--       rest of the record from byte 13 on, worth of its interests (floats), now ms or ''
-- It returns: outcome, visits, dead, recent, tickets, calls, and then
--   found:    waited ms, nats in common, session, name of the member, relay, id
--   not in:   nothing
--   waiting:  of the ticket that came closest, if any: waited ms, nats in common, patience ms, worth
local maxVisits, maxQueueVisits, lastOldest, indifferent = 12, 6, '31', 0.1
local listMost = 32 * width
local sweepEvery, sweepMost = 8, 16
local near = 0.05 -- nats that a partner of the same relay is preferred by; also one who has waited for half of its patience

local WAITING, FOUND, GONE, FULL = 0, 1, 2, 3

local id, flags, waited, life, leaseTime, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local ask, name, rest, idf = tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local now = tonumber(ARGV[11]) or clock()
local function has(flag) return flags % (2 * flag) >= flag end
local insert, known, ended, again, plain = has(1), has(2), has(4), has(8), has(16)

local session, member, relay = sub(rest, 1, 8), sub(rest, 9, 16), sub(rest, 17, 24)
local named, recents, avoids = byte(rest, 29), byte(rest, 30), byte(rest, 31)
local listed = 69 -- where the lists begin in rest

local calls = call('HINCRBY', members, 'n', '1')
if calls == 1 then call('PEXPIRE', members, forget) end
local dead, recent = 0, 0
if calls % sweepEvery == 0 then dead = sweep(now, sweepMost) end

local own = (insert or known) and call('HGET', tickets, id)
if known and not own then return {GONE, 0, dead, 0, call('HLEN', tickets), calls} end
local since = own and sub(own, 1, 6) or struct.pack('>I6', now - waited)

-- Whom to look at: those with a common interest, the rarest first; then the oldest.
local ids, seen, visits, stale = {}, {[id] = true}, 0, nil
local worth, tags, lists = {}, {}, {}
if named > 0 then
	local values = {unpacked('<' .. string.rep('f', named), idf)}
	for i = 1, named do
		local tag = sub(rest, listed + 8 * i - 8, listed + 8 * i - 1)
		worth[tag], tags[i] = values[i], tag
	end
	if not plain then lists = call('HMGET', interests, unpack(tags)) end
	for i = 1, #lists do
		local list = lists[i]
		if visits == maxVisits then break end
		if list then
			local last = math.min(maxQueueVisits, maxVisits - visits, #list / width) * width
			visits = visits + last / width
			for at = 7, last, width do
				local other = sub(list, at, at + 15)
				if not seen[other] then
					seen[other] = i
					ids[#ids + 1] = other
				end
			end
		end
	end
end
local oldest = call('ZRANGE', (ended or named == 0) and queue or open, '0', lastOldest)
visits = visits + #oldest
for i = 1, #oldest do
	local other = oldest[i]
	if not seen[other] then
		seen[other] = 0
		ids[#ids + 1] = other
	end
end

-- holds reports whether a tag is in a part of a list of tags.
local function holds(list, from, count, tag)
	local last = from + 8 * count
	local at = find(list, tag, from, true)
	while at and at < last do
		if (at - from) % 8 == 0 then return true end
		at = find(list, tag, at + 1, true)
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
		stale = stale or {}
		stale[#stale + 1] = ids[i]
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
			if named > 0 then
				for at = 81, 73 + 8 * count, 8 do
					local nats = worth[sub(o, at, at + 7)]
					if nats then common = common + nats end
				end
			end
			local rank = common - ask - theirs
			local takes = ended or overdue
				or common > 0 and rank >= 0
				or common == 0 and (named == 0 or count == 0) and rank >= -indifferent
			if takes or common > 0 then
				if theirRelay == relay or 2 * wait >= patience then rank = rank + near end
				rank = rank * 1e13 + wait -- of equals the oldest
				if takes and (not best or rank > bestRank) or not takes and (not close or rank > closeRank) then
					local theirList = 81 + 8 * count
					local may = theirSession ~= session
						and not (avoids > 0 and holds(rest, listed + 8 * (named + recents), avoids, theirSession))
						and not (theirAvoids > 0 and holds(o, theirList + 8 * theirRecents, theirAvoids, session))
					local met = may and (recents > 0 and holds(rest, listed + 8 * named, recents, theirSession)
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

-- Who has no record is in no queue either, once it was met.
for _, other in ipairs(stale or {}) do
	local i = seen[other]
	if i > 0 then
		local at = find(lists[i], other, 1, true) - 6
		unlist(sub(lists[i], at, at + width - 1), {tags[i]})
	end
	call('ZREM', queue, other)
	call('ZREM', open, other)
end

if best then
	local o = records[best]
	local entry = call('HGET', members, sub(o, 21, 28))
	take(ids[best], o)
	if own then take(id, own) end
	return {FOUND, visits, dead, recent, call('HLEN', tickets), calls,
		math.max(now - unpacked('>I6', o), 0), tostring(bestCommon), sub(o, 13, 20), sub(entry, 7), sub(o, 29, 36), ids[best]}
end

-- enlist puts the ticket into the lists that have room for it.
local function enlist(entry)
	if stale or dead > 0 then lists = call('HMGET', interests, unpack(tags)) end
	local set = {}
	for i = 1, named do
		local list = lists[i] or ''
		if #list < listMost and not find(list, entry, 1, true) then
			local at = #list
			while at > 0 and sub(list, at - width + 1, at) > entry do at = at - width end -- the oldest first
			set[#set + 1] = tags[i]
			set[#set + 1] = sub(list, 1, at) .. entry .. sub(list, at + 1)
		end
	end
	if #set > 0 then call('HSET', interests, unpack(set)) end
end

local count = call('HLEN', tickets)
if insert or known then
	if not own and count >= most then return {FULL, visits, dead, recent, count, calls} end
	local entry = call('HGET', members, member)
	if not entry or unpacked('>I6', entry) < now + leaseTime / 2 then lease(member, name, now, leaseTime) end
	local record = since .. struct.pack('>I6', now + life) .. rest
	call('HSET', tickets, id, record)
	local born = unpacked('>I6', since)
	if not own then call('ZADD', queue, born, id) end
	if byte(record, 44) % 2 == 1 and not (own and byte(own, 44) % 2 == 1) then call('ZADD', open, born, id) end
	if named > 0 and not plain then enlist(since .. id) end
	if not own then
		count = count + 1
		if count == 1 then keep() end
	end
end
if not close then return {WAITING, visits, dead, recent, count, calls} end
local o = records[close]
return {WAITING, visits, dead, recent, count, calls,
	math.max(now - unpacked('>I6', o), 0), tostring(closeCommon), unpacked('<I4', o, 37), sub(o, 45, 80)}
