//! Goes on until the end of its standard input, for which a second thread waits.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

pub fn run() {
    static ENDED: AtomicBool = AtomicBool::new(false);
    let other = thread::spawn(|| {
        let mut byte = [0];
        while std::io::stdin().read(&mut byte).unwrap_or(0) > 0 {}
        ENDED.store(true, Ordering::Release);
    });
    println!("ready");
    while !ENDED.load(Ordering::Acquire) {
        thread::sleep(Duration::from_millis(1));
    }
    other.join().unwrap();
}
