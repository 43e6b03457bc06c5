//! Generic types, constant parameters and operators, all resolved at compile time.

use std::fmt::Display;
use std::ops::{Add, AddAssign, Index, Mul};

#[derive(Clone, Copy, PartialEq, Debug)]
struct Matrix<T, const N: usize>([[T; N]; N]);

impl<T: Copy + Default + AddAssign + Mul<Output = T>, const N: usize> Mul for Matrix<T, N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let mut out = [[T::default(); N]; N];
        for (i, row) in out.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                for k in 0..N {
                    *cell += self.0[i][k] * other.0[k][j];
                }
            }
        }
        Matrix(out)
    }
}

fn power<M: Copy + Mul<Output = M>>(base: M, n: u32) -> M {
    match n {
        1 => base,
        n if n % 2 == 0 => power(base * base, n / 2),
        n => power(base * base, n / 2) * base,
    }
}

struct Ring<T, const N: usize> {
    items: [Option<T>; N],
    next: usize,
}

impl<T: Copy, const N: usize> Ring<T, N> {
    fn new() -> Self {
        Ring {
            items: [None; N],
            next: 0,
        }
    }
    fn push(&mut self, item: T) -> Option<T> {
        let old = self.items[self.next % N].replace(item);
        self.next += 1;
        old
    }
}

impl<T, const N: usize> Index<usize> for Ring<T, N> {
    type Output = T;
    fn index(&self, back: usize) -> &T {
        self.items[(self.next - 1 - back) % N].as_ref().unwrap()
    }
}

trait Shape {
    const SIDES: u32;
    type Size: Display + Add<Output = Self::Size>;
    fn size(&self) -> Self::Size;
}
struct Square(u32);
struct Triangle(f64, f64);
impl Shape for Square {
    const SIDES: u32 = 4;
    type Size = u32;
    fn size(&self) -> u32 {
        self.0 * self.0
    }
}
impl Shape for Triangle {
    const SIDES: u32 = 3;
    type Size = f64;
    fn size(&self) -> f64 {
        self.0 * self.1 / 2.0
    }
}
fn twice<S: Shape>(shape: &S) -> String {
    format!("{} sides {}", S::SIDES, shape.size() + shape.size())
}

pub fn run() {
    let fibonacci = power(Matrix([[1u64, 1], [1, 0]]), 80);
    println!("{}", fibonacci.0[0][1]);
    println!(
        "{:?}",
        power(
            Matrix([[1.5f64, 0.5, 0.0], [0.0, 1.0, 0.25], [0.5, 0.0, 1.0]]),
            6
        )
    );
    let mut ring: Ring<u8, 5> = Ring::new();
    let lost: Vec<_> = b"popcorn".iter().filter_map(|&b| ring.push(b)).collect();
    println!("{lost:?} {} {}", ring[0], ring[4]);
    println!("{} {}", twice(&Square(3)), twice(&Triangle(3.0, 2.5)));
}
