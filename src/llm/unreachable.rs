//! From a broken wire to a class: what a transfer's end says about who is at fault.

use super::base_url::is_loopback;
use super::fault::{Fault, Kind};
use super::types::Class;
use super::vendor::Vendor;
use super::wire::{WireFault, WireKind};

pub(super) fn classify(vendor: &Vendor, fault: &WireFault) -> Fault {
    let detail = &fault.detail;
    let variable = &vendor.base_url_variable;
    let new = |class, code: &str, message: String| Fault::new(class, format!("{message} ({detail})")).code(code);
    let transient = |code: &str, message: &str| new(Class::Transient, code, message.to_owned());
    let configuration = |code: &str, message: String| new(Class::Configuration, code, message);
    match fault.kind {
        WireKind::Client => configuration(
            "no_client",
            "https cannot be spoken here, is a CA store installed? install ca-certificates or set SSL_CERT_FILE"
                .to_owned(),
        ),
        // On this machine nobody is on the way: either it is started in a moment or it is not running.
        WireKind::Refused if is_loopback(&vendor.base_url) => new(
            Class::Transient,
            "connection_refused",
            format!("nothing listens at this address; is the server running, and is {variable} right?"),
        )
        .kind(Kind::Twice)
        .at_last(Class::Configuration),
        WireKind::Refused => transient("connection_refused", "connection refused"),
        // A host that somebody named and that accepts a connection but never speaks TLS is the wrong port.
        WireKind::ConnectTimeout if vendor.base_url_source != "default" => new(
            Class::Transient,
            "connect_timeout",
            format!("no connection in time; does the port in {variable} speak https?"),
        )
        .kind(Kind::Once)
        .at_last(Class::Configuration),
        WireKind::ConnectTimeout => transient("connect_timeout", "no connection in time"),
        // A resolver that is down and a name that does not exist look alike.
        WireKind::Dns => new(
            Class::Transient,
            "dns",
            format!("the host name was not found; check {variable} and the network"),
        )
        .kind(Kind::Twice)
        .at_last(Class::Configuration),
        WireKind::Certificate => configuration("certificate", certificate_hint(detail)).kind(Kind::Credential),
        WireKind::Connect => transient("connect", "no connection"),
        WireKind::Cut => transient("cut_off", "the connection broke before the reply was whole"),
        WireKind::Encoding => transient("bad_encoding", "the reply's compression is broken"),
        WireKind::HeadTooLarge => transient("head_too_large", "the reply's headers are too large")
            .kind(Kind::Once)
            .at_last(Class::Permanent),
        WireKind::BodyTooLarge => Fault::new(Class::Permanent, detail.clone()).code("reply_too_large"),
        WireKind::NotHttp => configuration(
            "not_http",
            format!("the host does not speak HTTP: wrong host or port in {variable}, or https where http is spoken?"),
        ),
        WireKind::Proxy => configuration(
            "proxy",
            "the proxy on the way wants a password; check HTTPS_PROXY".to_owned(),
        ),
        WireKind::Timeout => transient("timeout", "no whole reply in time"),
        WireKind::Request => Fault::new(Class::Configuration, detail.clone()).code("bad_request"),
    }
}

fn certificate_hint(detail: &str) -> String {
    let words = detail.to_ascii_lowercase();
    let hint = if words.contains("expired") || words.contains("notvalidyet") || words.contains("not valid until") {
        "; if it should be valid, check the system clock"
    } else if words.contains("unknownissuer") {
        "; behind a proxy or with a CA of your own, set SSL_CERT_FILE"
    } else {
        ""
    };
    format!("the host's TLS certificate was refused{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: WireKind, source: &str, base_url: &str) -> Fault {
        let mut vendor = Vendor::known("ollama").expect("a row");
        vendor.base_url = base_url.to_owned();
        vendor.base_url_source = source.to_owned();
        let detail = "invalid peer certificate: Expired".to_owned();
        classify(&vendor, &WireFault { kind, detail })
    }

    #[test]
    fn a_wire_fault_has_a_class_and_a_hint() {
        let (local, far) = ("http://localhost:11434/v1", "https://llm.example/v1");
        let configuration = Some(Class::Configuration);
        for (kind, base_url, class, at_last, hint) in [
            (
                WireKind::Refused,
                local,
                Class::Transient,
                configuration,
                "is the server running, and is OLLAMA_BASE_URL",
            ),
            (WireKind::Refused, far, Class::Transient, None, "connection refused"),
            (WireKind::Certificate, far, Class::Configuration, None, "system clock"),
            (WireKind::NotHttp, far, Class::Configuration, None, "OLLAMA_BASE_URL"),
            (WireKind::Cut, far, Class::Transient, None, "broke"),
            (WireKind::Encoding, far, Class::Transient, None, "compression"),
            (WireKind::BodyTooLarge, far, Class::Permanent, None, ""),
            (
                WireKind::HeadTooLarge,
                far,
                Class::Transient,
                Some(Class::Permanent),
                "headers",
            ),
            (WireKind::Dns, far, Class::Transient, configuration, "OLLAMA_BASE_URL"),
            (WireKind::Client, far, Class::Configuration, None, "SSL_CERT_FILE"),
        ] {
            let fault = read(kind, "default", base_url);
            assert_eq!((fault.class, fault.at_last), (class, at_last), "{kind:?}");
            assert!(fault.message.contains(hint), "{}", fault.message);
        }
    }

    #[test]
    fn only_a_host_that_somebody_named_may_be_the_wrong_port() {
        let far = "https://llm.example/v1";
        assert_eq!(read(WireKind::ConnectTimeout, "default", far).at_last, None);
        let named = read(WireKind::ConnectTimeout, "environment", far);
        assert_eq!(named.at_last, Some(Class::Configuration));
    }
}
