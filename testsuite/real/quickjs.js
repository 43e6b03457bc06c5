// Work of many kinds: recursion, closures, generators, regular expressions, bigints, typed arrays,
// sorting, JSON, exceptions, promises, proxies.
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
print("fib", fib(17));

let bits = new Uint8Array(5000), primes = 0;
for (let i = 2; i < bits.length; i++) {
  if (bits[i]) continue;
  primes++;
  for (let j = i * i; j < bits.length; j += i) bits[j] = 1;
}
print("primes", primes);

let factorial = 1n;
for (let i = 1n; i <= 60n; i++) factorial *= i;
print("60!", factorial, factorial % 1000003n);

function* walk(tree) { if (tree) { yield* walk(tree.left); yield tree.key; yield* walk(tree.right); } }
function insert(tree, key) {
  if (!tree) return { key };
  const side = key < tree.key ? "left" : "right";
  return { ...tree, [side]: insert(tree[side], key) };
}
let tree = null, state = 7;
const next = () => (state = (state * 1103515245 + 12345) & 0x7fffffff);
for (let i = 0; i < 200; i++) tree = insert(tree, next() % 1000);
print("tree", [...walk(tree)].slice(0, 12).join());

const words = "the quick brown fox jumps over the lazy dog and the cat".split(" ");
const counts = new Map();
for (const w of words) counts.set(w, (counts.get(w) ?? 0) + 1);
print("words", JSON.stringify([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))));
print("regexp", "2024-02-29, 1999-12-31".replace(/(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)/g, "$<d>.$<m>.$<y>"),
      /^(a+)+$/.test("aaaaaaaaaaaaaa!"), "äöü€😀".normalize("NFD").length);

const numbers = Float64Array.from({ length: 300 }, () => next() / 65536).sort();
print("numbers", numbers[0], numbers[150].toFixed(6), Math.hypot(...numbers.slice(0, 9)).toPrecision(12));
print("math", Math.sin(1), Math.exp(2.5), Math.atan2(1, 3), 0.1 + 0.2, 1e21 + 1, (255).toString(36), -7 % 3);

function deep(n) { try { return n ? deep(n - 1) : null.x; } finally { depth++; } }
let depth = 0;
try { deep(100); } catch (e) { print("thrown", e instanceof TypeError, depth); }
try { (function forever() { forever(); })(); } catch (e) { print("overflow", e instanceof RangeError); }

class Shape { #n; constructor(n) { this.#n = n; } get area() { return this.#n ** 2; } static of(n) { return new this(n); } }
class Named extends Shape { toString() { return `${this.constructor.name}(${this.area})`; } }
print("class", String(Named.of(12)), Reflect.ownKeys(new Proxy({ a: 1, b: 2 }, { ownKeys: () => ["a", "b"] })));
print("date", new Date(Date.UTC(2024, 1, 29, 12, 30)).toISOString());

(async () => {
  let sum = 0;
  for await (const v of (async function* () { for (let i = 0; i < 20; i++) yield i; })()) sum += v;
  print("async", sum, (await Promise.allSettled([Promise.reject(1), 2])).map((r) => r.status).join());
})();
