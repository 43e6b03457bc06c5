//! An HTTP server: `GET /N` answers the sum of the numbers up to N, a little later. Argument: its port.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let n: u64 = request.uri().path()[1..].parse().unwrap_or(0);
    // On the pool of threads that may block, and with a timer.
    let sum = tokio::task::spawn_blocking(move || (1..=n).fold(0, u64::wrapping_add)).await;
    tokio::time::sleep(Duration::from_millis(n % 3)).await;
    let text = format!("{}\n", sum.expect("no panic"));
    Ok(Response::new(Full::new(Bytes::from(text))))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 3)]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(8080))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
}
