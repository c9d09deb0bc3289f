-- Gives a stream back what it has lost, all or nothing.
-- KEYS: the stream, its mark. ARGV: epoch, entries to keep, milliseconds to live, then number, time and event of
-- consecutive entries. What touches the run that is there widens it, at either end; what does not is forgotten when it is
-- older, and takes its place when it is newer.
local stream, mark, epoch = KEYS[1], KEYS[2], ARGV[1]
local first, last = tonumber(ARGV[4]), tonumber(ARGV[#ARGV - 2])
-- The number of an entry of this epoch.
local function number(entry)
    local seq, of = string.match(entry[1], '^(%d+)-(%d+)$')
    return of == epoch and tonumber(seq) or nil
end
-- Whether it is one run without a hole: no other helps a reader.
local function is_a_run(found)
    local oldest = found[1] and number(found[1])
    if not oldest then
        return false
    end
    for i, entry in ipairs(found) do
        if number(entry) ~= oldest + i - 1 then
            return false
        end
    end
    return true
end
-- pcall: whatever else lies under our keys is no tail of ours, and is replaced.
local own = redis.pcall('XRANGE', stream, '-', '+')
if own.err or not is_a_run(own) then
    own = {}
end
local oldest, head = nil, 0
if own[1] then
    oldest, head = number(own[1]), number(own[#own])
    if last + 1 < oldest or (last <= head and (first >= oldest or #own >= tonumber(ARGV[2]))) then
        return
    end
end
-- First of all what a full Redis refuses: after one write it refuses nothing within a script.
redis.call('SET', mark, '', 'PX', ARGV[3])
local function add(from, to)
    for i = 4, #ARGV, 3 do
        local seq = tonumber(ARGV[i])
        if seq >= from and seq <= to then
            redis.call('XADD', stream, ARGV[i] .. '-' .. epoch, ARGV[i + 1], ARGV[i + 2])
        end
    end
end
if not oldest or first > head + 1 then
    redis.call('DEL', stream)
    add(first, last)
else
    if first < oldest then
        -- A stream takes nothing before its newest entry: it is written again.
        redis.call('DEL', stream)
        add(first, oldest - 1)
        for _, entry in ipairs(own) do
            redis.call('XADD', stream, entry[1], unpack(entry[2]))
        end
    end
    add(head + 1, last)
end
redis.call('XTRIM', stream, 'MAXLEN', '~', ARGV[2])
redis.call('PEXPIRE', stream, ARGV[3])
-- It has entries now.
redis.call('DEL', mark)
