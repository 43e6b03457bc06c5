-- Work of several kinds, long enough to be moved in the middle of each. Everything printed is determined
-- by the program alone: no addresses, no times, no order of hash tables.

local scale = tonumber(rawget(_G, "SCALE")) or 1

-- Five bodies under gravity; energy must stay what it was.
local function nbody(steps)
  local pi, days = math.pi, 365.24
  local sun = 4 * pi * pi
  local bodies = {
    {0, 0, 0, 0, 0, 0, sun},
    {4.84143144246472082945e+00, -1.16032004402742839362e+00, -1.03622044471123109494e-01,
     1.66007664274403694959e-03 * days, 7.69901118419740425080e-03 * days, -6.90460016972063023554e-05 * days,
     9.54791938424326609124e-04 * sun},
    {8.34336671824457987790e+00, 4.12479856412430479268e+00, -4.03523417114321381293e-01,
     -2.76742510726411899991e-03 * days, 4.99852801234917238954e-03 * days, 2.30417297573763929463e-05 * days,
     2.85885980666130812119e-04 * sun},
    {1.28943695621391310164e+01, -1.51111514016986312525e+01, -2.23307578892655734398e-01,
     2.96460137564761618652e-03 * days, 2.37847173959480950193e-03 * days, -2.96589568540237556132e-05 * days,
     4.36624404335156298062e-05 * sun},
    {1.53796971148509165498e+01, -2.59193146099879641146e+01, 1.79258772950371181757e-01,
     2.68067772490389322511e-03 * days, 1.62824170038242295431e-03 * days, -9.51592254519715870971e-05 * days,
     5.15138902046611451304e-05 * sun},
  }
  local function energy()
    local e = 0
    for i, b in ipairs(bodies) do
      e = e + 0.5 * b[7] * (b[4] ^ 2 + b[5] ^ 2 + b[6] ^ 2)
      for j = i + 1, #bodies do
        local c = bodies[j]
        local dx, dy, dz = b[1] - c[1], b[2] - c[2], b[3] - c[3]
        e = e - b[7] * c[7] / math.sqrt(dx * dx + dy * dy + dz * dz)
      end
    end
    return e
  end
  local before = energy()
  for _ = 1, steps do
    for i = 1, #bodies do
      local b = bodies[i]
      for j = i + 1, #bodies do
        local c = bodies[j]
        local dx, dy, dz = b[1] - c[1], b[2] - c[2], b[3] - c[3]
        local d2 = dx * dx + dy * dy + dz * dz
        local mag = 0.01 / (d2 * math.sqrt(d2))
        b[4], b[5], b[6] = b[4] - dx * c[7] * mag, b[5] - dy * c[7] * mag, b[6] - dz * c[7] * mag
        c[4], c[5], c[6] = c[4] + dx * b[7] * mag, c[5] + dy * b[7] * mag, c[6] + dz * b[7] * mag
      end
    end
    for _, b in ipairs(bodies) do
      b[1], b[2], b[3] = b[1] + 0.01 * b[4], b[2] + 0.01 * b[5], b[3] + 0.01 * b[6]
    end
  end
  return string.format("%.9f %.9f", before, energy())
end

-- A generator of our own, so that the numbers are the same everywhere.
local seed = 42
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed % n
end

local function sorting(n)
  local t = {}
  for i = 1, n do t[i] = random(1000000) end
  local calls = 0
  table.sort(t, function(a, b) calls = calls + 1 return a > b end)
  local sum, ordered = 0, true
  for i = 1, n do
    sum = (sum * 31 + t[i]) % 1000000007
    if i > 1 and t[i - 1] < t[i] then ordered = false end
  end
  return string.format("%s %d %s", tostring(ordered), sum, tostring(calls > n))
end

local function strings(n)
  local parts = {}
  for i = 1, n do
    parts[#parts + 1] = string.format("%d:%s", i, ("ab"):rep(i % 7) .. string.char(97 + i % 26))
  end
  local text = table.concat(parts, ",")
  local digits = select(2, text:gsub("%d", ""))
  local swapped = text:gsub("(%d+):(%a+)", "%2=%1")
  local longest = 0
  for word in swapped:gmatch("%a+") do longest = math.max(longest, #word) end
  local h = 0
  for i = 1, #swapped do h = (h * 33 + swapped:byte(i)) % 4294967296 end
  return string.format("%d %d %d %d", #text, digits, longest, h)
end

-- The sieve as a chain of coroutines, each filtering what the one before yields.
local function coroutines(count)
  local function numbers()
    return coroutine.wrap(function()
      for n = 2, math.huge do coroutine.yield(n) end
    end)
  end
  local function filter(p, source)
    return coroutine.wrap(function()
      while true do
        local n = source()
        if n % p ~= 0 then coroutine.yield(n) end
      end
    end)
  end
  local source, sum, last = numbers(), 0, 0
  for _ = 1, count do
    last = source()
    sum = sum + last
    source = filter(last, source)
  end
  return string.format("%d %d", last, sum)
end

-- Errors thrown from some depth and caught, in a loop: longjmp in the interpreter.
local function errors(n)
  local caught, sum = 0, 0
  local function deep(k, what)
    if k == 0 then error({code = what}) end
    return deep(k - 1, what) + 1
  end
  for i = 1, n do
    local ok, e = pcall(function()
      if i % 3 == 0 then return i end
      return deep(i % 17, i)
    end)
    if ok then sum = sum + e else caught = caught + 1 sum = sum + e.code * 2 end
    local _, message = pcall(error, "plain " .. i, 0)
    sum = sum + #message
    local handled = select(2, xpcall(deep, function(e) return e.code + 1 end, 3, i))
    sum = sum + handled
  end
  return string.format("%d %d", caught, sum)
end

local function report(name, ...)
  print(string.format("%-10s %s", name, table.concat({...}, " ")))
end

for round = 1, 3 do
  report("round", round)
  report("n-body", nbody(600 * scale))
  report("sorting", sorting(3000 * scale))
  report("strings", strings(2500 * scale))
  report("coroutines", coroutines(60 * scale))
  report("errors", errors(1500 * scale))
end
