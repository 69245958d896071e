-- What the services are asked. SELFLESS_LOAD: post, upvote, or the path of a GET. SELFLESS_SEED: another one for each process.
local load = os.getenv("SELFLESS_LOAD")
local image = string.rep("A", 13656)
local json = {["Content-Type"] = "application/json"}

local function post()
	local act = string.format('{"actId":%d,"username":"ann","timestamp":"01-02-2024:03-04-05","caption":"a caption",' ..
		'"categoryName":"uploads","imgB64":"%s"}', math.random(1000, 2 ^ 52), image)
	return wrk.format("POST", "/api/v1/acts", json, act)
end

local function upvote()
	return wrk.format("POST", "/api/v1/acts/upvote", json, "[" .. math.random(0, 99) .. "]")
end

function init()
	math.randomseed(tonumber(os.getenv("SELFLESS_SEED")))
	if load == "post" then
		request = post
	elseif load == "upvote" then
		request = upvote
	else
		local fixed = wrk.format("GET", load)
		request = function() return fixed end
	end
end

function done(_, latency)
	io.write(string.format("99.9%% of all within %d us\n", latency:percentile(99.9)))
end
