-- POST /acts with a picture of 10 KB, each with a number of its own; begins at the number in FIRST. In the end a line
-- "FIGURES requests errors p50 p99 p99.9 max" (ms) for who reads it.
local number = tonumber(os.getenv("FIRST"))
local picture = string.rep("QUJD", 2560)
local head = '","username":"ann","timestamp":"01-02-2024:03-04-05","caption":"c","categoryName":"garden","imgB64":"'

function request()
	number = number + 1
	return wrk.format("POST", "/api/v1/acts", {["Content-Type"] = "application/json"},
		'{"actId":"' .. number .. head .. picture .. '"}')
end

function done(summary, latency, requests)
	local e = summary.errors
	print(string.format("FIGURES %d %d %.1f %.1f %.1f %.1f", summary.requests,
		e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50) / 1000,
		latency:percentile(99) / 1000, latency:percentile(99.9) / 1000, latency.max / 1000))
end
