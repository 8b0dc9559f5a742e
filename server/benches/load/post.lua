-- Single results of about 1 KB, each with an id of its own (wrk).
local thread = 0
function setup(t)
  t:set("number", thread)
  thread = thread + 1
end
function init(args)
  token = args[1]
  stamp = args[2]
  n = 0
  filler = string.rep("x", 700)
  wrk.method = "POST"
  wrk.headers["Authorization"] = "Bearer " .. token
  wrk.headers["Content-Type"] = "application/json"
end
function request()
  n = n + 1
  local body = string.format(
    '{"control":"AFF-EXP-11","status":"passed","system":"scoring","asset":"model","summary":"%s","collector":{"name":"bench"},"id":"%s-%d-%d"}',
    filler, stamp, number, n)
  return wrk.format(nil, "/v1/results", nil, body)
end
function done(summary, latency, requests)
  io.write(string.format("requests %d in %.2f s, errors %d, p50 %.2f ms, p99 %.2f ms, max %.2f ms\n",
    summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
