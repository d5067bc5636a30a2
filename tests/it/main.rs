mod generator;
fn main() {}
