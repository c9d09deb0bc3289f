-- Reads a stream and where it stands in one moment.
-- KEYS: the stream, its epoch. ARGV: the id to begin with, the most entries to give.
-- Answers nil when there is no tail, else the epoch, the newest entry's id and time, and the entries.
local epoch = redis.pcall('GET', KEYS[2])
if type(epoch) ~= 'string' then
    return nil
end
local newest = redis.pcall('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if newest.err or not newest[1] then
    return nil
end
local entries = {}
if ARGV[2] ~= '0' then
    entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
end
return { epoch, newest[1][1], newest[1][2][2], entries }
