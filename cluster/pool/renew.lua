-- Moves a member's lease on, sweeps if it is time, and tells which tickets are not in.
-- ARGV: member, name, lease ms, tickets to sweep, now ms or '', ids
-- It returns: 1 if the lease had not ended, tickets, calls, dead, and the numbers of the ids, from 0, that are not in.
local pace = 200 -- ms between two sweeps
local now = tonumber(ARGV[5]) or clock()
local entry = call('HGET', members, ARGV[1])
lease(ARGV[1], ARGV[2], now, tonumber(ARGV[3]))
local answer = {entry and unpacked('>I6', entry) >= now and 1 or 0, 0, tonumber(call('HGET', members, 'n') or 0), 0}
local swept = tonumber(call('HGET', members, 's') or 0)
if now >= swept + pace or now < swept then -- once for many members
	call('HSET', members, 's', string.format('%d', now))
	answer[4] = sweep(now, tonumber(ARGV[4]))
	keep()
end
for i = 6, #ARGV do
	if call('HEXISTS', tickets, ARGV[i]) == 0 then answer[#answer + 1] = i - 6 end
end
answer[2] = call('HLEN', tickets)
return answer
