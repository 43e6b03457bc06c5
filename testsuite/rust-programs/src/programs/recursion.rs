//! Recursion through boxes, and with references to the callers' locals.

enum Expr {
    Number(i64),
    Binary(char, Box<Expr>, Box<Expr>),
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl Parser<'_> {
    fn sum(&mut self) -> Box<Expr> {
        let mut left = self.product();
        while let Some(op) = self.rest.next_if(|c| "+-".contains(*c)) {
            left = Box::new(Expr::Binary(op, left, self.product()));
        }
        left
    }
    fn product(&mut self) -> Box<Expr> {
        let mut left = self.atom();
        while let Some(op) = self.rest.next_if(|c| "*/".contains(*c)) {
            left = Box::new(Expr::Binary(op, left, self.atom()));
        }
        left
    }
    fn atom(&mut self) -> Box<Expr> {
        if self.rest.next_if_eq(&'(').is_some() {
            let inner = self.sum();
            self.rest.next();
            return inner;
        }
        let mut n = 0;
        while let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(10)) {
            n = n * 10 + i64::from(digit);
            self.rest.next();
        }
        Box::new(Expr::Number(n))
    }
}

fn evaluate(e: &Expr) -> Result<i64, String> {
    Ok(match e {
        Expr::Number(n) => *n,
        Expr::Binary(op, l, r) => {
            let (l, r) = (evaluate(l)?, evaluate(r)?);
            match op {
                '+' => l + r,
                '-' => l - r,
                '*' => l * r,
                _ => l
                    .checked_div(r)
                    .ok_or_else(|| format!("{l} divided by zero"))?,
            }
        }
    })
}

fn queens(row: usize, size: usize, columns: &mut Vec<usize>, found: &mut u32) {
    if row == size {
        *found += 1;
        return;
    }
    for c in 0..size {
        let safe = columns
            .iter()
            .enumerate()
            .all(|(r, &k)| k != c && row - r != c.abs_diff(k));
        if safe {
            columns.push(c);
            queens(row + 1, size, columns, found);
            columns.pop();
        }
    }
}

struct Frame<'a> {
    depth: u32,
    up: Option<&'a Frame<'a>>,
}

fn chain(up: Option<&Frame>, depth: u32) -> u32 {
    let here = Frame { depth, up };
    if depth < 40 {
        return chain(Some(&here), depth + 1);
    }
    std::iter::successors(Some(&here), |f| f.up)
        .map(|f| f.depth)
        .sum()
}

pub fn run() {
    for text in [
        "1+2*3",
        "(1+2)*(3-10)/2",
        "7/(3-3)",
        "((((9))))-2*2*2*(1+(2+(3+(4))))",
    ] {
        let mut parser = Parser {
            rest: text.chars().peekable(),
        };
        println!("{text} = {:?}", evaluate(&parser.sum()));
    }
    let mut found = 0;
    queens(0, 5, &mut Vec::new(), &mut found);
    println!("{found} {}", chain(None, 0));
}
