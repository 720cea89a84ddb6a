-- Takes tickets out. ARGV: ids. It returns a list of 1 for each that was in, and 0.
local was = {}
for i, id in ipairs(ARGV) do
	local record = call('HGET', tickets, id)
	if record then take(id, record) end
	was[i] = record and 1 or 0
end
return was
