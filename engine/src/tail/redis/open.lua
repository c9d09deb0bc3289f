-- Says where a stream stands; one that is not there begins, empty, under an epoch.
-- KEYS: the stream, its epoch. ARGV: that epoch, milliseconds to live.
-- Answers the epoch and the id of the newest entry. An empty stream is one whose epoch is marked with '/0': Redis keeps
-- none without entries, and one whose entries were lost must not be taken for one that never had any.
local stream, mark = KEYS[1], KEYS[2]
-- pcall: whatever else lies under our keys is no tail of ours, and is replaced.
local epoch = redis.pcall('GET', mark)
if type(epoch) == 'string' then
    local begun = string.match(epoch, '^(.+)/0$')
    if begun and redis.call('EXISTS', stream) == 0 then
        redis.pcall('PEXPIRE', mark, ARGV[2])
        return { begun, '0-0' }
    end
    local newest = redis.pcall('XREVRANGE', stream, '+', '-', 'COUNT', 1)
    if not begun and not newest.err and newest[1] then
        return { epoch, newest[1][1] }
    end
end
redis.call('SET', mark, ARGV[1] .. '/0', 'PX', ARGV[2])
redis.call('DEL', stream)
return { ARGV[1], '0-0' }
