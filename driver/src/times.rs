//! Where a compilation's time went (`--time`).

use std::fmt::{self, Display, Formatter};
use std::time::{Duration, Instant};

use popcorn_toolchains::Isa;

/// One phase of one part of the toolchain, over all inputs.
struct Row {
    part: &'static str,
    phase: &'static str,
    /// The ISA that the phase worked for. `None` if it worked for all of them at once.
    isa: Option<&'static Isa>,
    took: Duration,
}

/// The phases in the order in which they first ended, and when the whole began.
pub struct Times {
    rows: Vec<Row>,
    start: Instant,
}

impl Times {
    /// The whole begins now.
    pub fn start() -> Times {
        Times {
            rows: Vec::new(),
            start: Instant::now(),
        }
    }

    /// Adds to what a phase took so far.
    pub fn add(
        &mut self,
        part: &'static str,
        phase: &'static str,
        isa: Option<&'static Isa>,
        took: Duration,
    ) {
        let id = |isa: Option<&Isa>| isa.map(|isa| isa.id);
        let same = |r: &&mut Row| r.part == part && r.phase == phase && id(r.isa) == id(isa);
        match self.rows.iter_mut().find(same) {
            Some(row) => row.took += took,
            None => self.rows.push(Row {
                part,
                phase,
                isa,
                took,
            }),
        }
    }
}

impl Display for Times {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ms = |took: Duration| took.as_secs_f64() * 1e3;
        writeln!(f, "{:>10}  phase", "ms")?;
        for row in &self.rows {
            let (part, phase) = (row.part, row.phase);
            let isa = row.isa.map_or("", |isa| isa.name);
            let line = format!("{:>10.1}  {part:<9}  {phase:<9}  {isa}", ms(row.took));
            writeln!(f, "{}", line.trim_end())?;
        }
        let all = ms(self.start.elapsed());
        writeln!(f, "{all:>10.1}  all, with ISAs side by side")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use popcorn_toolchains::ALL;

    #[test]
    fn a_phase_of_several_inputs_is_one_row() {
        let mut times = Times::start();
        for _ in 0..2 {
            times.add("front end", "clang", None, Duration::from_millis(20));
            for isa in ALL {
                times.add("passes", "back end", Some(isa), Duration::from_micros(1500));
            }
        }
        let text = times.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "        ms  phase");
        assert_eq!(lines[1], "      40.0  front end  clang");
        for (line, isa) in lines[2..].iter().zip(ALL) {
            assert_eq!(
                *line,
                format!("       3.0  passes     back end   {}", isa.name)
            );
        }
        assert_eq!(lines.len(), ALL.len() + 3);
        assert!(lines[lines.len() - 1].ends_with("  all, with ISAs side by side"));
    }
}
