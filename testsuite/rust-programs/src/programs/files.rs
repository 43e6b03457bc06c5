//! Files, directories, standard input and the environment, through std's own calls.
//#Stdin: first line
//#Stdin: second line
//#Env: POPCORN_TEST_WORD=hello

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

fn copy_lines() -> std::io::Result<usize> {
    let mut out = BufWriter::new(File::create("numbers.txt")?);
    for i in 0..500 {
        writeln!(out, "{i} {}", i * i)?;
    }
    out.flush()?;
    let lines = BufReader::new(File::open("numbers.txt")?).lines();
    let mut sum = 0;
    for line in lines {
        let line = line?;
        let second: usize = line.split(' ').nth(1).unwrap().parse().unwrap();
        sum += second;
    }
    Ok(sum)
}

pub fn run() {
    println!("sum {}", copy_lines().unwrap());
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open("numbers.txt")
        .unwrap();
    println!("size {}", file.metadata().unwrap().len());
    file.seek(SeekFrom::End(-7)).unwrap();
    let mut end = String::new();
    file.read_to_string(&mut end).unwrap();
    println!("end {end:?}");
    file.set_len(10).unwrap();
    println!("cut {:?}", fs::read_to_string("numbers.txt").unwrap());
    fs::create_dir_all("a/b/c").unwrap();
    for name in ["a/z", "a/b/y", "a/b/x"] {
        fs::write(name, name).unwrap();
    }
    fs::rename("a/z", "a/b/w").unwrap();
    let mut names: Vec<_> = fs::read_dir("a/b")
        .unwrap()
        .map(|e| e.unwrap())
        .map(|e| {
            (
                e.file_name().into_string().unwrap(),
                e.file_type().unwrap().is_dir(),
            )
        })
        .collect();
    names.sort();
    println!("{names:?}");
    fs::copy("a/b/w", "copied").unwrap();
    println!("copied {}", fs::read_to_string("copied").unwrap());
    fs::remove_dir_all("a").unwrap();
    println!("{:?}", fs::metadata("a").map(|m| m.is_dir()));
    println!("{}", File::open("nowhere").unwrap_err());
    for line in std::io::stdin().lock().lines() {
        println!("read {}", line.unwrap().to_uppercase());
    }
    println!("{:?}", std::env::var("POPCORN_TEST_WORD"));
    println!("{:?}", std::env::var("POPCORN_TEST_NONE"));
    println!("{:?}", std::env::args().skip(1).collect::<Vec<_>>());
}
