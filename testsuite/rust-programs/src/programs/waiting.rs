// Waits for the end of its standard input, with a thread that waits too.

use std::io::Read;
use std::sync::mpsc;
use std::thread;

pub fn run() {
    let (sender, receiver) = mpsc::channel::<u32>();
    let other = thread::spawn(move || receiver.iter().sum::<u32>());
    println!("ready");
    let mut byte = [0];
    while std::io::stdin().read(&mut byte).unwrap_or(0) > 0 {}
    sender.send(2).unwrap();
    drop(sender);
    println!("{}", other.join().unwrap());
}
