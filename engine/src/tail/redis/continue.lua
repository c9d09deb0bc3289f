-- Appends to many streams whose heads are known, one command for each entry and none to look first: Redis itself refuses an
-- id that does not grow, and begins no stream here.
-- KEYS: the stream of each entry. ARGV: entries to keep, then id, time and event of each.
-- Answers the places of the entries that were not appended, for whatever reason.
local left = {}
for i = 1, #KEYS do
    local at = 3 * i
    local id = redis.pcall('XADD', KEYS[i], 'NOMKSTREAM', 'MAXLEN', '~', ARGV[1], ARGV[at - 1], ARGV[at], ARGV[at + 1])
    -- No such stream is false, an error a table.
    if type(id) ~= 'string' then
        left[#left + 1] = i
    end
end
return left
