const std = @import("std");

extern fn printf(format: [*:0]const u8, ...) c_int;

const Node = struct { value: u64, next: ?*const Node };

fn collatz(start: u64) u32 {
    var n = start;
    var steps: u32 = 0;
    while (n != 1) : (steps += 1) {
        n = if (n % 2 == 0) n / 2 else 3 * n + 1;
    }
    return steps;
}

fn sum(list: ?*const Node) u64 {
    const node = list orelse return 0;
    return node.value + sum(node.next);
}

fn build(depth: u64, next: ?*const Node) u64 {
    const node = Node{ .value = collatz(depth), .next = next };
    if (depth == 1) return sum(&node);
    return build(depth - 1, &node);
}

export fn main() c_int {
    _ = printf("%llu\n", build(60, null));
    var primes: [40]u32 = undefined;
    var count: usize = 0;
    var n: u32 = 2;
    while (count < primes.len) : (n += 1) {
        for (primes[0..count]) |p| {
            if (n % p == 0) break;
        } else {
            primes[count] = n;
            count += 1;
        }
    }
    _ = printf("%u %u\n", primes[0], primes[39]);
    return 42;
}
