//! rumqttd, listening where the environment says: one port for MQTT 3.1.1, one for 5.0, and one for
//! MQTT 3.1.1 over WebSocket.

use std::error::Error;

use rumqttd::{Broker, Config};

fn main() -> Result<(), Box<dyn Error>> {
    let port = |name: &str| std::env::var(name);
    let listener = |kind: &str, port: String| {
        format!(
            r#"
            [{kind}.1]
            name = "{kind}"
            listen = "127.0.0.1:{port}"
            next_connection_delay_ms = 1
            [{kind}.1.connections]
            connection_timeout_ms = 60000
            max_payload_size = 2097152
            max_inflight_count = 100
            dynamic_filters = true
            "#
        )
    };
    let router = r"
        id = 0
        [router]
        id = 0
        max_connections = 10010
        max_outgoing_packet_count = 200
        max_segment_size = 104857600
        max_segment_count = 10
        ";
    let listeners = [("v4", "PORT"), ("v5", "PORT_V5"), ("ws", "PORT_WS")];
    let mut text = router.to_owned();
    for (kind, name) in listeners {
        text.push_str(&listener(kind, port(name)?));
    }
    let config: Config = toml::from_str(&text)?;
    Broker::new(config).start()?;
    Ok(())
}
