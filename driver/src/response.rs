//! `@file` arguments: a response file's words replace the argument (GNU quoting, as clang reads it).

use std::io;

/// Deepest nesting of response files; past it a file most likely names itself.
const MAX_DEPTH: usize = 16;

/// Replaces each `@file` by the words in it. An `@file` that cannot be read stays as it is, as in clang.
pub fn expand(
    args: Vec<String>,
    read: &mut dyn FnMut(&str) -> io::Result<String>,
) -> Result<Vec<String>, String> {
    fn go(
        args: Vec<String>,
        read: &mut dyn FnMut(&str) -> io::Result<String>,
        depth: usize,
        out: &mut Vec<String>,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("response files nest too deeply".into());
        }
        for arg in args {
            match arg.strip_prefix('@').map(&mut *read) {
                Some(Ok(text)) => go(split(&text), read, depth + 1, out)?,
                _ => out.push(arg),
            }
        }
        Ok(())
    }
    let mut out = Vec::new();
    go(args, read, 0, &mut out)?;
    Ok(out)
}

/// Splits at white space; `'…'` and `"…"` group, a backslash takes the next character as it is
/// (everywhere but in single quotes).
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => {
                if let Some(next) = chars.next() {
                    word.get_or_insert_default().push(next);
                }
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_in_clang() {
        assert_eq!(
            split("-DA=\"x y\" '-I/a b'\n-c  a\\ b.c \"\""),
            ["-DA=x y", "-I/a b", "-c", "a b.c", ""]
        );
    }

    #[test]
    fn files_nest_and_missing_ones_stay() {
        let mut read = |name: &str| match name {
            "outer" => Ok("-c @inner".to_owned()),
            "inner" => Ok("-O2".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let args = vec!["@outer".to_owned(), "@gone".to_owned()];
        assert_eq!(expand(args, &mut read).unwrap(), ["-c", "-O2", "@gone"]);
    }

    #[test]
    fn a_file_that_names_itself_is_an_error() {
        let mut read = |_: &str| Ok("@self".to_owned());
        assert!(expand(vec!["@self".into()], &mut read).is_err());
    }
}
