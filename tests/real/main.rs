//! dial between clients and servers that others wrote: `websockets`, `ws`, curl, nginx, h2load, httpx and undici;
//! hosts from etcd and dnsmasq; limits kept in Redis; and what it asks of the system, as strace sees it.
//!
//! Behind the feature `real-services`, because all of them have to be installed first (`install`, and what `.ci/run`
//! takes from Debian). Mostly a test starts an origin and the `gateway` example, and runs a script between the two that
//! says what it checked and ends with the first failure; its exit code decides.

mod calls;
mod clients;
mod crowd;
mod discovery;
mod gateway;
mod nginx;
mod process;
mod redis;
mod tools;
mod websocket;
