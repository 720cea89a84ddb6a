-- Takes down what one node has to tell of an account, and returns what all have.
-- KEYS: the account
-- ARGV: now in ms or '', this process, the live ones as ' a b c ', ms that seats last,
--   held, wanted, most of all nodes, 1000 times the weight,
--   half-life in s, most points, points,
--   ms that marks last, most marks, marks, 1 to forget those before,
--   and of each bucket rate in tokens/s, burst, spent
-- It returns: seats of others, own before, 1000 times the weights of others, 1000 times the points, how many marks,
--   the ms since each, the oldest first, and 1000 times what is missing of each bucket.
local now = tonumber(ARGV[1])
if not now then
	local time = redis.call('TIME')
	now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local account = {at = now, seats = {}, points = 0, marks = {}, missing = {}}
local kept = redis.call('GET', KEYS[1])
if kept then
	local read, value = pcall(cmsgpack.unpack, kept)
	if read and type(value) == 'table' and value.seats and value.missing then account = value end
end
local passed = math.max(0, now - account.at) / 1000
local lasts = 0 -- s until there is nothing in it

local own, others, weights, seats = ARGV[2], 0, 0, {}
local before = account.seats[own] and account.seats[own][1] or 0
for process, taken in pairs(account.seats) do -- {how many, when that was told, weight}
	if process ~= own and now - taken[2] < tonumber(ARGV[4]) then
		seats[process] = taken
		if string.find(ARGV[3], ' ' .. process .. ' ', 1, true) then
			others = others + taken[1]
			weights = weights + (taken[3] or 0)
		end
	end
end
local held = tonumber(ARGV[5])
local given = math.max(held, math.min(held + tonumber(ARGV[6]), tonumber(ARGV[7]) - others))
local weight = tonumber(ARGV[8])
if given > 0 or weight > 0 then seats[own] = {given, now, weight} end
if next(seats) then lasts = ARGV[4] / 1000 end

local halflife = tonumber(ARGV[9])
local points = account.points * 0.5 ^ (passed / halflife)
points = math.min(tonumber(ARGV[10]), points + ARGV[11])
if points < 0.25 then points = 0 else lasts = math.max(lasts, halflife * math.log(points / 0.25) / math.log(2)) end

local marks = {}
if ARGV[15] ~= '1' then
	for _, at in ipairs(account.marks) do
		if now - at < tonumber(ARGV[12]) then marks[#marks + 1] = at end
	end
end
for _ = 1, ARGV[14] do marks[#marks + 1] = now end
while #marks > tonumber(ARGV[13]) do table.remove(marks, 1) end
if #marks > 0 then lasts = math.max(lasts, ARGV[12] / 1000) end

local answer = {others, before, weights, math.floor(1000 * points + 0.5), #marks}
for _, at in ipairs(marks) do answer[#answer + 1] = math.max(0, now - at) end
local missing = {}
for i = 16, #ARGV, 3 do
	local rate, n = tonumber(ARGV[i]), #missing + 1
	local left = math.max(0, (account.missing[n] or 0) - passed * rate)
	left = math.min(tonumber(ARGV[i + 1]), left + ARGV[i + 2])
	missing[n] = left
	lasts = math.max(lasts, left / rate)
	answer[#answer + 1] = math.floor(1000 * left + 0.5)
end

if lasts > 0 then
	account = {at = math.max(now, account.at), seats = seats, points = points, marks = marks, missing = missing}
	redis.call('SET', KEYS[1], cmsgpack.pack(account), 'PX', math.ceil(1000 * lasts))
elseif kept then
	redis.call('DEL', KEYS[1])
end
return answer
