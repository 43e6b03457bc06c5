//! A macro that only the host can run: it asks for the host's environment.

use proc_macro::TokenStream;

/// The literal's length, counted while compiling.
#[proc_macro]
pub fn length(input: TokenStream) -> TokenStream {
    let text = input.to_string();
    // A macro runs in the compiler, which can start processes and threads.
    let counted = std::thread::spawn(move || text.len() - 2).join();
    format!("{}usize", counted.unwrap_or(0))
        .parse()
        .unwrap_or_default()
}
