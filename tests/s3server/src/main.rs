//! A real S3 server over a folder, for the tests: `s3server FOLDER` prints its address and serves until
//! it is killed. It serves one write at a time, since s3s-fs checks a condition and then writes without a
//! lock, and real stores do both as one. Its key is `key`, its secret `secret`.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder")?;
    let files = s3s_fs::FileSystem::new(folder).map_err(|error| format!("{error:?}"))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single("key", "secret"));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let one_writes = Arc::new(Mutex::new(()));
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, service.clone(), Arc::clone(&one_writes)));
    }
}

async fn serve(stream: TcpStream, service: S3Service, one_writes: Arc<Mutex<()>>) {
    let answer = move |request: Request<Incoming>| {
        let (service, one_writes) = (service.clone(), Arc::clone(&one_writes));
        async move {
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            let _alone = if reads { None } else { Some(one_writes.lock().await) };
            let answered = hyper::service::Service::call(&service, request).await;
            Ok::<_, Infallible>(answered.unwrap_or_else(|error| panic!("{error:?}")))
        }
    };
    let answer = hyper::service::service_fn(answer);
    // A client that hangs up is its own business.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}
