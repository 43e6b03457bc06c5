//! An overflow that arithmetic checks find: a message with file and line, then the process aborts.
//#Status: abort

fn triangle(n: u8) -> u8 {
    if n == 0 { 0 } else { n + triangle(n - 1) }
}

pub fn run() {
    for n in 18.. {
        println!("{n} {}", triangle(n));
    }
}
