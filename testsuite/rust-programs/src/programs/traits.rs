//! Trait objects and closures: calls through tables and captured environments.

use std::collections::BTreeMap;
use std::fmt::Debug;

trait Animal: Debug {
    fn name(&self) -> String;
    fn speak(&self, times: u32) -> String {
        let words: Vec<_> = (0..times).map(|i| format!("{}{i}", self.name())).collect();
        words.join("-")
    }
    fn boxed(&self) -> Box<dyn Animal>;
}

#[derive(Debug, Clone)]
struct Dog {
    age: u8,
}
#[derive(Debug, Clone)]
struct Parrot<'a>(&'a str);

impl Animal for Dog {
    fn name(&self) -> String {
        format!("dog{}", self.age)
    }
    fn boxed(&self) -> Box<dyn Animal> {
        Box::new(Dog { age: self.age + 1 })
    }
}
impl Animal for Parrot<'static> {
    fn name(&self) -> String {
        self.0.into()
    }
    fn speak(&self, times: u32) -> String {
        self.0.repeat(times as usize)
    }
    fn boxed(&self) -> Box<dyn Animal> {
        Box::new(self.clone())
    }
}

fn compose<A, B, C>(f: impl Fn(A) -> B, g: impl Fn(B) -> C) -> impl Fn(A) -> C {
    move |x| g(f(x))
}

fn counter(step: u32) -> Box<dyn FnMut() -> u32> {
    let mut n = 0;
    Box::new(move || {
        n += step;
        n
    })
}

pub fn run() {
    let zoo: Vec<Box<dyn Animal>> = vec![Box::new(Dog { age: 3 }), Box::new(Parrot("polly "))];
    let next: Vec<_> = zoo.iter().map(|a| a.boxed()).collect();
    for a in zoo.iter().chain(&next) {
        println!("{a:?} {}", a.speak(3));
    }
    let both = compose(|n: i32| n * 3, |n| format!("<{n}>"));
    println!("{}", (0..4).map(both).collect::<String>());
    let mut counters = [counter(1), counter(10), counter(7)];
    let sums: Vec<u32> = (0..9).map(|i| counters[i % 3]()).collect();
    println!("{sums:?}");
    let mut commands: BTreeMap<&str, Box<dyn Fn(&mut Vec<f64>)>> = BTreeMap::new();
    commands.insert("+", Box::new(|s| binary(s, |a, b| a + b)));
    commands.insert("*", Box::new(|s| binary(s, |a, b| a * b)));
    commands.insert("dup", Box::new(|s| s.push(*s.last().unwrap())));
    let mut stack = Vec::new();
    for word in "3 4 + dup * 2.5 +".split(' ') {
        match commands.get(word) {
            Some(command) => command(&mut stack),
            None => stack.push(word.parse().unwrap()),
        }
    }
    println!("{stack:?}");
    let text = String::from("moved");
    let once = move || text.len();
    println!("{} {:?}", apply(once), size_of::<&dyn Animal>());
    let any: [&dyn std::any::Any; 3] = [&1u8, &"str", &2.5f32];
    println!(
        "{:?}",
        any.map(|a| (a.is::<u8>(), a.downcast_ref::<f32>().copied()))
    );
}

fn binary(stack: &mut Vec<f64>, f: fn(f64, f64) -> f64) {
    let (b, a) = (stack.pop().unwrap(), stack.pop().unwrap());
    stack.push(f(a, b));
}

fn apply<R>(f: impl FnOnce() -> R) -> R {
    f()
}
