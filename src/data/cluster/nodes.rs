//! The machines of a cluster: Ballista's scheduler and executors, knowing the functions of our queries. Nothing between them is
//! encrypted or asks who comes.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use ballista_core::RuntimeProducer;
use ballista_core::error::BallistaError;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;

use super::super::{DataError, Executor, MemoryLimit, Scheduler};
use super::codec::{Logical, Physical};
use super::ready;
use super::store::Files;

/// Seconds between two signs of life of an executor, and without one until its work goes to others.
const HEARTBEAT: u64 = 5;
const LOST_AFTER: u64 = 30;

/// Hands tasks to executors until it is dropped; says its address once it can be reached.
///
/// # Errors
/// A port that is taken, or a network that fails.
pub async fn scheduler(wanted: Scheduler, is_up: impl FnOnce(&str)) -> Result<(), DataError> {
    let host = advertised(wanted.bind.ip(), wanted.advertise)?;
    let listener = TcpListener::bind(wanted.bind).await;
    let listener = listener.map_err(|error| failed(wanted.bind, &error))?;
    let bound = listener.local_addr().map_err(|error| failed(wanted.bind, &error))?;
    let config = SchedulerConfig {
        external_host: host.clone(),
        bind_host: bound.ip().to_string(),
        bind_port: bound.port(),
        // Who asks needs to reach the scheduler only.
        enable_embedded_flight_proxy: true,
        executor_timeout_seconds: LOST_AFTER,
        expire_dead_executor_interval_seconds: HEARTBEAT,
        no_executors_grace_period_seconds: LOST_AFTER,
        override_logical_codec: Some(Arc::new(Logical::default())),
        override_physical_codec: Some(Arc::new(Physical::default())),
        ..SchedulerConfig::default()
    };
    let stopped = |error: BallistaError| failed(bound, &error);
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(stopped)?;
    let server = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config));
    let server = server.await.map_err(stopped)?;
    is_up(&format!("{host}:{}", bound.port()));
    start_grpc_service_with_listener(listener, server)
        .await
        .map_err(stopped)
}

/// Does tasks of a scheduler until the process is told to end; says the address it will have.
///
/// # Errors
/// A scheduler that cannot be reached, or ports that are taken.
pub async fn executor(wanted: Executor, is_up: impl FnOnce(&str)) -> Result<(), DataError> {
    let host = advertised(wanted.bind.ip(), wanted.advertise)?;
    match ready::check(&wanted.scheduler).await {
        // This is the first one.
        Ok(()) | Err(DataError::NoExecutors(_)) => {}
        Err(error) => return Err(error),
    }
    let (port, grpc_port) = ports(wanted.bind).map_err(|error| failed(wanted.bind, &error))?;
    let folder = wanted.work_dir.unwrap_or_else(std::env::temp_dir);
    let work_dir = tempfile::Builder::new()
        .prefix("insights-executor-")
        .tempdir_in(&folder);
    let work_dir = work_dir.map_err(|error| DataError::WorkDir {
        folder,
        why: error.to_string(),
    })?;
    is_up(&format!("{host}:{port}"));
    let config = ExecutorProcessConfig {
        bind_host: shown(wanted.bind.ip()),
        external_host: Some(host),
        port,
        grpc_port,
        scheduler_host: wanted.scheduler.host,
        scheduler_port: wanted.scheduler.port,
        vcores: wanted.cores,
        work_dir: Some(work_dir.path().display().to_string()),
        override_runtime_producer: Some(runtimes(work_dir.path().to_owned())),
        memory_pool_size: wanted.memory.map(MemoryLimit::bytes),
        executor_heartbeat_interval_seconds: HEARTBEAT,
        override_logical_codec: Some(Arc::new(Logical::default())),
        override_physical_codec: Some(Arc::new(Physical::default())),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config))
        .await
        .map_err(|error| failed(wanted.bind, &error))
}

/// What tasks run with: room for what does not fit memory, and files as a run's folder allows.
fn runtimes(work_dir: PathBuf) -> RuntimeProducer {
    Arc::new(move |_| {
        let runtime = RuntimeEnvBuilder::new()
            .with_temp_file_path(work_dir.clone())
            .build_arc()?;
        runtime.register_object_store(ObjectStoreUrl::local_filesystem().as_ref(), Arc::new(Files::default()));
        Ok(runtime)
    })
}

/// The name under which others come.
fn advertised(bound: IpAddr, given: Option<String>) -> Result<String, DataError> {
    match (given, bound) {
        (Some(host), _) => Ok(host),
        (None, ip) if ip.is_unspecified() => Err(DataError::NoHost(ip.to_string())),
        (None, ip) => Ok(shown(ip)),
    }
}

/// As it stands before a port.
fn shown(ip: IpAddr) -> String {
    match ip {
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    }
}

/// The port itself and the next one, or any two; both are free now.
fn ports(bind: SocketAddr) -> std::io::Result<(u16, u16)> {
    let mut next = bind;
    if bind.port() != 0 {
        let port = bind.port().checked_add(1);
        next.set_port(port.ok_or_else(|| std::io::Error::other("there is no port after this one"))?);
    }
    let (one, other) = (std::net::TcpListener::bind(bind)?, std::net::TcpListener::bind(next)?);
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

fn failed(bind: SocketAddr, error: &dyn std::fmt::Display) -> DataError {
    DataError::Node {
        bind: bind.to_string(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_reached_by_its_address_unless_it_listens_everywhere() {
        let host = |ip: &str, given: Option<&str>| advertised(ip.parse().unwrap(), given.map(str::to_owned));
        assert_eq!(host("10.0.0.5", None).unwrap(), "10.0.0.5");
        assert_eq!(host("::1", None).unwrap(), "[::1]");
        assert_eq!(host("0.0.0.0", Some("node-1")).unwrap(), "node-1");
        let error = host("0.0.0.0", None).unwrap_err();
        assert!(error.hint().contains("--advertise"), "{}", error.hint());
    }

    #[test]
    fn an_executor_has_two_ports() {
        let (one, other) = ports("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(one != 0 && other != 0 && one != other);
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(ports(taken.local_addr().unwrap()).is_err());
        assert!(ports("127.0.0.1:65535".parse().unwrap()).is_err());
    }
}
