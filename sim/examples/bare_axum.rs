//! The least that `serve` could cost: the same HTTP stack, and a handler that answers everybody with so many bytes.
//!
//! `tests/clients/bench.py` measures it beside `serve` and moto. Usage: bare_axum BYTES; prints the address.

use std::error::Error;
use std::io::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use tokio::net::TcpListener;
use tokio::runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let bytes: usize = std::env::args().nth(1).ok_or("usage: bare_axum BYTES")?.parse()?;
    let body = Bytes::from(vec![b' '; bytes]);
    // It reads what it is sent, as `serve` must.
    let answer = move |_: Bytes| async move { ([(CONTENT_TYPE, "application/x-amz-json-1.1")], body) };
    runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        axum::serve(listener, Router::new().fallback(answer)).await?;
        Ok(())
    })
}
