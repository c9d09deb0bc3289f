-- Says where a stream stands; one that is not there begins, empty, under an epoch.
-- KEYS: the stream, its mark. ARGV: that epoch, milliseconds to live.
-- Answers the id of the newest entry, or the epoch of a stream without one. Redis keeps no stream without entries, so that
-- one is marked; the first entry takes the mark away, since a stream whose entries were lost must not be taken for one that
-- never had any.
local stream, mark = KEYS[1], KEYS[2]
-- pcall: whatever else lies under our keys is no tail of ours, and is replaced.
local newest = redis.pcall('XREVRANGE', stream, '+', '-', 'COUNT', 1)
if not newest.err and newest[1] then
    local id, fields = newest[1][1], newest[1][2]
    -- An id with a zero was written by a version that had no epochs in ids.
    if string.match(id, '^%d+-[1-9]%d*$') and #fields == 2 and string.match(fields[1], '^-?%d+$') then
        return { id }
    end
end
local begun = redis.pcall('GET', mark)
begun = type(begun) == 'string' and string.match(begun, '^(.+)/0$')
if begun and redis.call('EXISTS', stream) == 0 then
    redis.pcall('PEXPIRE', mark, ARGV[2])
    return { false, begun }
end
redis.call('SET', mark, ARGV[1] .. '/0', 'PX', ARGV[2])
redis.call('DEL', stream)
return { false, ARGV[1] }
