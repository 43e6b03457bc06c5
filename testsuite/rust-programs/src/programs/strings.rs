//! Strings and formatting: widths, alignments, escapes, characters of several bytes.

use std::fmt;

struct Money(i64);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let text = format!("{}.{:02} €", self.0 / 100, self.0 % 100);
        if f.alternate() {
            return write!(f, "<{text}>");
        }
        f.pad(&text)
    }
}

#[derive(Debug, Clone, Default)]
#[allow(dead_code)]
struct Record {
    name: String,
    tags: Vec<&'static str>,
    inner: Option<Box<Record>>,
    pair: (i8, char),
}

pub fn run() {
    println!(
        "[{:>12}] [{:<12}] [{:^12}] [{:#}]",
        Money(1234),
        Money(5),
        Money(99999),
        Money(700)
    );
    println!(
        "{:08.3} {:+} {:#010b} {:#o} {:X} {:e}",
        -3.14159, 7, 37, 511, 48879, 1234.5
    );
    println!(
        "{0:>1$} {0:.2$} {name:?}",
        2.718281828,
        12,
        4,
        name = "tab\t\"q\" \u{1F37F}\u{7f}"
    );
    let record = Record {
        name: "κόσμος".into(),
        tags: vec!["a", "b"],
        inner: Some(Box::default()),
        pair: (-1, 'ß'),
    };
    println!("{record:?}\n{record:#?}");
    let text = "Größe: 12 µm — naïve 東京";
    println!(
        "{} {} {}",
        text.len(),
        text.chars().count(),
        text.to_uppercase()
    );
    println!("{:?} {:?}", text.find("µm"), text.split_once(" — "));
    println!(
        "{:?}",
        text.char_indices()
            .filter(|(_, c)| !c.is_ascii())
            .collect::<Vec<_>>()
    );
    println!(
        "{}",
        text.replace(|c: char| c.is_ascii_digit(), "#")
            .trim_end_matches('京')
    );
    println!(
        "{:?}",
        String::from_utf8(vec![0xe6, 0x9d]).map_err(|e| e.to_string())
    );
    println!("{}", String::from_utf8_lossy(b"bad \xff byte"));
    let csv = "id,name\n1,Ann\n2,\"Bob\"\n\n3,Eve";
    for (n, line) in csv.lines().filter(|l| !l.is_empty()).enumerate().skip(1) {
        let fields: Vec<_> = line.split(',').map(|f| f.trim_matches('"')).collect();
        println!("{n}: {}", fields.join(" | "));
    }
    let mut edited = String::with_capacity(4);
    for (i, c) in ('a'..='z').enumerate() {
        edited.insert(i / 2, c);
    }
    edited.truncate(20);
    edited.retain(|c| !"aeiou".contains(c));
    println!(
        "{edited} {:?} {:?}",
        edited.pop(),
        edited.bytes().rev().take(3).collect::<Vec<_>>()
    );
    println!("{:?} {:?}", "b" < "ab", "straße".cmp("strasse"));
}
