//! A port on this machine that a recording must never reach.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Notes every connection: what was asked, or `connect` when it asked nothing (preconnect does that).
pub struct Listener {
    address: SocketAddr,
    touched: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    pub fn open() -> Listener {
        let socket = TcpListener::bind("127.0.0.1:0").expect("this machine has a loopback");
        let address = socket.local_addr().expect("a bound socket has an address");
        let touched = Arc::new(Mutex::new(Vec::new()));
        let notes = touched.clone();
        // Ends with the process.
        thread::spawn(move || {
            for visit in socket.incoming().flatten() {
                let notes = notes.clone();
                thread::spawn(move || note(visit, &notes));
            }
        });
        Listener { address, touched }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every connection so far, as `GET /path` or `connect`.
    pub fn touched(&self) -> Vec<String> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn note(mut visit: TcpStream, notes: &Mutex<Vec<String>>) {
    let index = {
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push("connect".to_owned());
        notes.len() - 1
    };
    let _ = visit.set_read_timeout(Some(Duration::from_secs(5)));
    let mut head = [0; 512];
    if let Ok(n @ 1..) = visit.read(&mut head) {
        let line = String::from_utf8_lossy(&head[..n]);
        let asked = line.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
        notes.lock().unwrap_or_else(PoisonError::into_inner)[index] = asked;
        let _ = std::io::Write::write_all(
            &mut visit,
            b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 0\r\naccess-control-allow-origin: *\r\nconnection: close\r\n\r\n",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_notices_a_mere_connection() {
        let listener = Listener::open();
        assert!(listener.touched().is_empty());
        let _open = TcpStream::connect(listener.address).unwrap();
        for _ in 0..200 {
            if !listener.touched().is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(listener.touched(), ["connect"]);
    }
}
