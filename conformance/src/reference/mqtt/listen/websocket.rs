//! The server's side of MQTT over WebSocket (5.0 section 6).

use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::reference::mqtt::{Fault, FaultSet};
use crate::transport::{Connection, TextFrames, WebSocketBytes};

/// What a client may make the server hold before any of it is read as MQTT.
const LARGEST_MESSAGE: usize = 16 << 20;

/// Performs the server's handshake for one path.
pub(in super::super) async fn accept(
    stream: Connection,
    path: &str,
    faults: &FaultSet,
) -> Result<Connection, tungstenite::Error> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    // The error is as large as tungstenite made it.
    #[allow(clippy::result_large_err)]
    let negotiate = |request: &Request, mut response: Response| {
        if request.uri().path() != path {
            let text = format!("MQTT is served on {path}\n");
            return Err(refusal(StatusCode::NOT_FOUND, text));
        }
        let unoffered = faults.has(Fault::WebSocketSelectsUnoffered).then_some("mqtt");
        let Some(subprotocol) = subprotocol(request.headers()).or(unoffered) else {
            let text = "expected Sec-WebSocket-Protocol to offer mqtt (MQTT-6.0.0-3)\n".to_owned();
            return Err(refusal(StatusCode::BAD_REQUEST, text));
        };
        if !faults.has(Fault::WebSocketSelectsNothing) {
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        Ok(response)
    };
    let socket =
        tokio_tungstenite::accept_hdr_async_with_config(stream, negotiate, Some(config)).await?;
    let text = if faults.has(Fault::WebSocketTakesText) {
        TextFrames::Taken
    } else if faults.has(Fault::WebSocketSendsText) {
        TextFrames::Sent
    } else {
        TextFrames::Refused
    };
    Ok(Box::new(WebSocketBytes::with_text_frames(socket, text)))
}

/// The subprotocol to select: `mqtt` wherever it is offered (MQTT-6.0.0-4), else the name that was in
/// use before the protocol was registered.
fn subprotocol(headers: &HeaderMap) -> Option<&'static str> {
    let offered: Vec<&str> = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
        .collect();
    ["mqtt", "mqttv3.1"].into_iter().find(|known| offered.contains(known))
}

fn refusal(status: StatusCode, text: String) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(text));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn selected(offers: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for offer in offers {
            headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_str(offer).unwrap());
        }
        subprotocol(&headers)
    }

    #[test]
    fn mqtt_is_selected_wherever_it_stands() {
        assert_eq!(selected(&["mqtt"]), Some("mqtt"));
        assert_eq!(selected(&["foo, mqtt"]), Some("mqtt"));
        assert_eq!(selected(&["mqttv3.1,mqtt"]), Some("mqtt"));
        assert_eq!(selected(&["foo", "mqtt"]), Some("mqtt"));
        assert_eq!(selected(&["mqttv3.1"]), Some("mqttv3.1"));
    }

    #[test]
    fn others_are_not() {
        assert_eq!(selected(&[]), None);
        assert_eq!(selected(&["amqp"]), None);
        assert_eq!(selected(&["MQTT"]), None);
        assert_eq!(selected(&["mqtt5"]), None);
    }
}
