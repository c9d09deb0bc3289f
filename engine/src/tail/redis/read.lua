-- Reads a stream and where it stands in one moment.
-- KEYS: the stream. ARGV: the id to begin with, the most entries to give.
-- Answers nil when there is no tail, else the newest entry's id and time, and the entries.
local newest = redis.pcall('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if newest.err or not newest[1] then
    return nil
end
local entries = {}
if ARGV[2] ~= '0' then
    entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
end
return { newest[1][1], newest[1][2][1], entries }
