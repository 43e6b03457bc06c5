//! process::exit ends the program from deep inside, with destructors left undone and output flushed.
//#Status: 7

struct Loud(&'static str);

impl Drop for Loud {
    fn drop(&mut self) {
        println!("dropped {}", self.0);
    }
}

fn down(n: u32) -> u32 {
    let _local = Loud("never");
    if n == 0 {
        print!("bye");
        std::process::exit(7);
    }
    down(n - 1) + 1
}

pub fn run() {
    {
        let _first = Loud("first");
    }
    drop(Loud("second"));
    println!("{}", down(20));
}
