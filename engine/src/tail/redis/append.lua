-- Appends entries to a stream, all or none, whatever is known of it.
-- KEYS: the stream, the mark of one that has begun without an entry. ARGV: epoch, entries to keep, milliseconds to live,
-- then number, time and event of each.
-- Answers nil when they are there now, or the head that they do not follow.
local stream, mark, epoch = KEYS[1], KEYS[2], ARGV[1]
local head = nil
-- pcall: whatever else lies under our keys is no tail of ours, and is replaced.
local newest = redis.pcall('XREVRANGE', stream, '+', '-', 'COUNT', 1)
if not newest.err and newest[1] then
    local number, of = string.match(newest[1][1], '^(%d+)-(%d+)$')
    if of == epoch then
        head = tonumber(number)
    end
end
if head then
    if tonumber(ARGV[4]) > head + 1 then
        return head
    end
elseif redis.call('EXISTS', stream) == 1 then
    -- Only what exists: after a first write Redis no longer checks maxmemory within a script.
    redis.call('DEL', stream)
end
for i = 4, #ARGV, 3 do
    if not head or tonumber(ARGV[i]) > head then
        redis.call('XADD', stream, ARGV[i] .. '-' .. epoch, ARGV[i + 1], ARGV[i + 2])
    end
end
-- Whole nodes only, which is cheap; a few entries more than asked for may stay.
redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[2])
redis.call('PEXPIRE', stream, ARGV[3])
if not head then
    redis.call('DEL', mark)
end
return nil
