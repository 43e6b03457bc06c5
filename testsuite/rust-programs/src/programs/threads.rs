//! Threads, scoped and not, with channels, locks, atomics and variables of their own, which move together.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock, mpsc};
use std::thread;

thread_local! {
    static OWN: Cell<u64> = const { Cell::new(1) };
}

fn work(id: u64) -> u64 {
    for i in 0..200 {
        OWN.set(OWN.get() * 31 % 1009 + id + i);
    }
    OWN.get()
}

pub fn run() {
    static ONCE: OnceLock<String> = OnceLock::new();
    let total = Arc::new(AtomicU64::new(0));
    let log = Arc::new(Mutex::new(Vec::new()));
    let table = Arc::new(RwLock::new(vec![0u64; 4]));
    let meeting = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4u64)
        .map(|id| {
            let (total, log, table, meeting) =
                (total.clone(), log.clone(), table.clone(), meeting.clone());
            let name = format!("worker {id}");
            let body = move || {
                ONCE.get_or_init(|| "once".to_owned());
                meeting.wait();
                let n = work(id);
                total.fetch_add(n, Ordering::Relaxed);
                log.lock().unwrap().push((id, n));
                table.write().unwrap()[id as usize] = n;
                thread::current().name().map(str::to_owned)
            };
            thread::Builder::new().name(name).spawn(body).unwrap()
        })
        .collect();
    let names: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("{names:?} {:?}", ONCE.get());
    let mut log = log.lock().unwrap().clone();
    log.sort();
    println!(
        "{log:?} {:?} {}",
        table.read().unwrap(),
        total.load(Ordering::SeqCst)
    );

    let (sender, receiver) = mpsc::sync_channel(3);
    let producer = thread::spawn(move || {
        for n in 0..20 {
            sender.send(n * n).unwrap();
        }
    });
    println!("{:?}", receiver.iter().sum::<i32>());
    producer.join().unwrap();

    let mut halves = [0u64; 64];
    let (a, b) = halves.split_at_mut(32);
    thread::scope(|scope| {
        scope.spawn(|| a.iter_mut().zip(0..).for_each(|(x, i)| *x = i));
        scope.spawn(|| b.iter_mut().zip(100..).for_each(|(x, i)| *x = i));
    });
    println!("{} {}", halves.iter().sum::<u64>(), OWN.get());

    let pair = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            *pair.0.lock().unwrap() = true;
            pair.1.notify_all();
        });
        let ready = pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready);
        println!("{}", *ready.unwrap());
    });
}
