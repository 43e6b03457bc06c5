//! Links fat objects and archives without the driver, for work on the linker itself:
//! `link OUTPUT INPUT...`. Intermediate files go to the directory in `SAVE_TEMPS`, if that is set.

use popcorn_align_linker::{Input, Job, link};
use popcorn_toolchains::ALL;
use std::path::PathBuf;

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let output = arguments.next().expect("an output");
    let inputs = arguments
        .map(|path| match path.extension().is_some_and(|e| e == "a") {
            true => Input::Archive(path),
            false => Input::Object { path, bytes: None },
        })
        .collect();
    let job = Job {
        inputs,
        map: Some(output.with_extension("map")),
        output,
        isas: ALL.to_vec(),
        entry: "_start".to_owned(),
        keep: Vec::new(),
        save_temps: std::env::var_os("SAVE_TEMPS").map(PathBuf::from),
        leaf: None,
        leaf_provider: None,
    };
    let begin = std::time::Instant::now();
    match link(&job) {
        Ok(summary) => println!("{summary:?} in {:?}", begin.elapsed()),
        Err(e) => {
            eprintln!("error: {e}");
            std::process::exit(1);
        }
    }
}
