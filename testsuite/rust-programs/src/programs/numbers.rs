//! 128-bit integers, floating point and its conversions, and integers at their limits.

fn isqrt(n: u128) -> u128 {
    let mut x = 1u128 << (n.ilog2() / 2 + 1);
    loop {
        let next = (x + n / x) / 2;
        if next >= x {
            return x;
        }
        x = next;
    }
}

fn power_mod(mut base: u128, mut n: u128, m: u128) -> u128 {
    let mut result = 1;
    while n > 0 {
        if n & 1 == 1 {
            result = result * base % m;
        }
        base = base * base % m;
        n >>= 1;
    }
    result
}

pub fn run() {
    let factorial: u128 = (1..=34).product();
    println!("{factorial} {:#x} {}", factorial, isqrt(factorial));
    println!("{}", power_mod(3, 1 << 40, (1 << 61) - 1));
    println!("{} {}", i128::MIN, (i128::MIN + 1) / -7 % 1_000_000_007);
    println!(
        "{:?} {:?}",
        u128::MAX.checked_add(1),
        i128::MAX.overflowing_mul(3)
    );
    let harmonic: f64 = (1..2000).map(|n| 1.0 / f64::from(n)).sum();
    println!(
        "{harmonic} {harmonic:e} {:.3} {}",
        harmonic, harmonic as f32
    );
    for x in [
        0.1,
        1e300,
        -1e-300,
        2.5,
        f64::MAX,
        1e21,
        f64::INFINITY,
        f64::MIN_POSITIVE,
    ] {
        println!("{x} {x:?} {:e} {} {} {}", x, x as i32, x as u8, x as i128);
    }
    println!("{} {}", f64::NAN as i64, (0.0f64 / 0.0).is_nan());
    println!(
        "{:?} {:?}",
        "1e-7".parse::<f64>(),
        "-0.30000000000000004".parse::<f32>()
    );
    println!(
        "{:?} {:?}",
        "340282366920938463463374607431768211456".parse::<u128>(),
        "ff".parse::<i8>()
    );
    println!(
        "{} {} {}",
        2.5f64.round(),
        (-2.5f64).round_ties_even(),
        2f64.powi(-40)
    );
    println!("{:.12} {:.12}", 2f64.sqrt().sin(), 10f64.ln().exp());
    println!("{} {}", 7i32.rem_euclid(-3), (-7i32).div_euclid(3));
    println!(
        "{} {:?} {}",
        200u8.wrapping_mul(3),
        200u8.checked_mul(3),
        (-100i8).saturating_sub(100)
    );
    println!(
        "{} {} {}",
        0x00f0_1000u32.leading_zeros(),
        96u64.trailing_zeros(),
        u128::MAX.count_ones()
    );
    println!(
        "{} {}",
        0x1234_5678u32.swap_bytes(),
        0x12u8.rotate_left(3).reverse_bits()
    );
    println!("{:?}", 3.75f32.to_bits().to_be_bytes());
}
