-- Takes one request's part of a limit: 0, or after how many microseconds there is one again.
-- KEYS[1]: the key. ARGV: the requests of a period, the period in microseconds, how many may come at once.
--
-- What is used is counted in parts of which a request takes `period`, and of which `requests` come back each microsecond:
-- whole numbers, so that nothing is rounded, and below 2^53.
local requests, period, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local used, at = 0, now
local state = redis.call('GET', KEYS[1])
if state then
    local before, since = string.match(state, '^(%d+) (%d+)$')
    used, at = tonumber(before) or 0, tonumber(since) or now
end
-- A clock that was set back stands still here, and is the new one.
used = math.max(0, used - math.max(0, now - at) * requests)

local excess = used + period - burst * period
if excess <= 0 then
    used = used + period
elseif at <= now then
    return math.ceil(excess / requests)
end
-- Gone when all of it has come back.
local life = math.max(1, math.ceil(used / requests / 1000))
redis.call('SET', KEYS[1], string.format('%.0f %.0f', used, now), 'PX', life)
return excess <= 0 and 0 or math.ceil(excess / requests)
