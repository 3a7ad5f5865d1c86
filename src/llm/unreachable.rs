//! From a broken wire to a class: what a transfer's end says about who is at fault.

use super::base_url::is_loopback;
use super::fault::{Fault, Kind};
use super::types::Class;
use super::vendor::Vendor;
use super::wire::{WireFault, WireKind};

pub(super) fn classify(vendor: &Vendor, fault: &WireFault) -> Fault {
    let detail = &fault.detail;
    let variable = &vendor.base_url_variable;
    let local = is_loopback(&vendor.base_url);
    let (class, kind, code, message) = match fault.kind {
        WireKind::Client => (
            Class::Configuration,
            Kind::Plain,
            "no_client",
            format!("https cannot be spoken here, is a CA store installed? ({detail})"),
        ),
        WireKind::Refused if local => (
            Class::Transient,
            Kind::Plain,
            "connection_refused",
            format!("nothing listens at this address; is the server started and {variable} right? ({detail})"),
        ),
        WireKind::Refused => (
            Class::Transient,
            Kind::Plain,
            "connection_refused",
            format!("connection refused ({detail})"),
        ),
        WireKind::ConnectTimeout => (
            Class::Transient,
            Kind::Plain,
            "connect_timeout",
            format!("no connection within 5 s ({detail})"),
        ),
        WireKind::Dns => (
            Class::Transient,
            Kind::Once,
            "dns",
            format!("the host name was not found; check {variable} and the network ({detail})"),
        ),
        WireKind::Certificate => {
            let clock = match detail.to_ascii_lowercase().contains("expired") {
                true => "; is the system clock right?",
                false => "",
            };
            (
                Class::Configuration,
                Kind::Credential,
                "certificate",
                format!("the host's TLS certificate was refused{clock} ({detail})"),
            )
        }
        WireKind::Connect => (
            Class::Transient,
            Kind::Plain,
            "connect",
            format!("no connection ({detail})"),
        ),
        WireKind::Cut => (
            Class::Transient,
            Kind::Plain,
            "cut_off",
            format!("the connection broke before the reply was whole ({detail})"),
        ),
        WireKind::HeadTooLarge => (
            Class::Transient,
            Kind::Once,
            "head_too_large",
            format!("the reply's headers are too large ({detail})"),
        ),
        WireKind::BodyTooLarge => (Class::Permanent, Kind::Declined, "reply_too_large", detail.clone()),
        WireKind::NotHttp => (
            Class::Configuration,
            Kind::Plain,
            "not_http",
            format!(
                "the host does not speak HTTP: wrong port in {variable}, or https where http is spoken? ({detail})"
            ),
        ),
        WireKind::Proxy => (
            Class::Configuration,
            Kind::Plain,
            "proxy",
            format!("the proxy wants a password ({detail})"),
        ),
        WireKind::Timeout => (
            Class::Transient,
            Kind::Plain,
            "timeout",
            format!("no whole reply in time ({detail})"),
        ),
        WireKind::Request => (Class::Configuration, Kind::Plain, "bad_request", detail.clone()),
    };
    Fault::new(class, message).kind(kind).code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_fault_has_a_class_and_a_hint() {
        let vendor = Vendor::known("ollama").expect("a row");
        for (kind, class, hint) in [
            (WireKind::Refused, Class::Transient, "OLLAMA_BASE_URL"),
            (WireKind::Certificate, Class::Configuration, "clock"),
            (WireKind::NotHttp, Class::Configuration, "OLLAMA_BASE_URL"),
            (WireKind::Cut, Class::Transient, "broke"),
            (WireKind::BodyTooLarge, Class::Permanent, ""),
            (WireKind::Dns, Class::Transient, "OLLAMA_BASE_URL"),
        ] {
            let fault = classify(
                &vendor,
                &WireFault {
                    kind,
                    detail: "invalid peer certificate: Expired".into(),
                },
            );
            assert_eq!(fault.class, class);
            assert!(fault.message.contains(hint), "{}", fault.message);
        }
    }
}
