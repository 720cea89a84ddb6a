-- Changes into how many shards a gate is split, unless somebody else has meanwhile.
-- KEYS: the gate's. ARGV: epoch that is expected, shards, ms that it is kept. It returns epoch and shards as they are then.
local epoch, shards = 0, 1
local now = redis.call('GET', KEYS[1])
if now then
	epoch, shards = string.match(now, '^(%d+) (%d+)$')
	epoch, shards = tonumber(epoch), tonumber(shards)
end
if epoch == tonumber(ARGV[1]) then
	epoch, shards = epoch + 1, tonumber(ARGV[2])
	redis.call('SET', KEYS[1], string.format('%d %d', epoch, shards), 'PX', ARGV[3])
end
return {epoch, shards}
