//! SCRAM-SHA-256 (RFC 5802 and RFC 7677) without channel binding: the method of enhanced
//! authentication that pushspec speaks, on both sides. Names and passwords are taken as they are;
//! whoever uses others than ASCII has to normalise them.

use std::fmt;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ring::{hmac, pbkdf2};

/// The name of the method in MQTT, as registered for SASL.
pub const METHOD: &str = "SCRAM-SHA-256";

/// "No channel binding": the header of the Client's first message.
const HEADER: &str = "n,,";

/// More iterations than this are not done for anyone who asks.
const MOST_ITERATIONS: u32 = 1_000_000;

type Key = [u8; SHA256_OUTPUT_LEN];

/// What the Client has of an exchange.
#[derive(Clone)]
pub struct Client {
    password: String,
    /// The first message without its header.
    bare: String,
    nonce: String,
}

impl fmt::Debug for Client {
    // Never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("bare", &self.bare).finish_non_exhaustive()
    }
}

impl Client {
    /// Begins an exchange. The nonce is fresh and has no comma.
    pub fn new(user: &str, password: &str, nonce: &str) -> Self {
        let name = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            password: password.to_owned(),
            bare: format!("n={name},r={nonce}"),
            nonce: nonce.to_owned(),
        }
    }

    /// The Client's first message.
    pub fn first(&self) -> String {
        format!("{HEADER}{}", self.bare)
    }

    /// The Client's answer to the Server's first message; none, if that is not one.
    pub fn answer(&self, challenge: &[u8]) -> Option<String> {
        let challenge = std::str::from_utf8(challenge).ok()?;
        let nonce = field(challenge, 'r').filter(|nonce| nonce.starts_with(&self.nonce))?;
        let salt = STANDARD.decode(field(challenge, 's')?).ok()?;
        let iterations = field(challenge, 'i')?.parse().ok().filter(|i| *i <= MOST_ITERATIONS)?;
        let keys = Keys::of(&self.password, &salt, NonZeroU32::new(iterations)?);
        let bare = format!("c={},r={nonce}", STANDARD.encode(HEADER));
        let all = format!("{},{challenge},{bare}", self.bare);
        let proof = xor(&keys.client, &sign(&keys.stored, &all));
        Some(format!("{bare},p={}", STANDARD.encode(proof)))
    }
}

/// What a Server keeps of a user's password.
#[derive(Clone)]
pub struct Verifier {
    salt: Vec<u8>,
    iterations: NonZeroU32,
    stored: Key,
    server: Key,
}

impl Verifier {
    /// Of a password.
    pub fn new(password: &str, salt: &[u8], iterations: NonZeroU32) -> Self {
        let Keys { stored, server, .. } = Keys::of(password, salt, iterations);
        Self { salt: salt.to_vec(), iterations, stored, server }
    }

    /// Who a Client's first message says it is.
    pub fn user(first: &[u8]) -> Option<String> {
        let bare = std::str::from_utf8(first).ok()?.strip_prefix(HEADER)?;
        Some(field(bare, 'n')?.replace("=2C", ",").replace("=3D", "="))
    }

    /// The challenge to a Client's first message. `ours` is the Server's part of the nonce.
    pub fn challenge(&self, first: &[u8], ours: &str) -> Option<Challenge> {
        let bare = std::str::from_utf8(first).ok()?.strip_prefix(HEADER)?;
        let nonce = format!("{}{ours}", field(bare, 'r')?);
        let message = format!("r={nonce},s={},i={}", STANDARD.encode(&self.salt), self.iterations);
        Some(Challenge { before: format!("{bare},{message}"), message, nonce })
    }

    /// Whether the Client's answer shows that it has the password: the Server's last message then.
    pub fn verify(&self, challenge: &Challenge, answer: &[u8]) -> Option<String> {
        let answer = std::str::from_utf8(answer).ok()?;
        let (bare, proof) = answer.rsplit_once(",p=")?;
        let bound = STANDARD.encode(HEADER);
        if field(bare, 'r')? != challenge.nonce || field(bare, 'c')? != bound {
            return None;
        }
        let all = format!("{},{bare}", challenge.before);
        let key = xor(&STANDARD.decode(proof).ok()?, &sign(&self.stored, &all));
        let known = digest(&SHA256, &key).as_ref() == self.stored;
        known.then(|| format!("v={}", STANDARD.encode(sign(&self.server, &all))))
    }
}

/// A challenge that was sent.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The Server's first message.
    pub message: String,
    /// Both first messages.
    before: String,
    nonce: String,
}

struct Keys {
    client: Key,
    stored: Key,
    server: Key,
}

impl Keys {
    fn of(password: &str, salt: &[u8], iterations: NonZeroU32) -> Self {
        let mut salted = [0; SHA256_OUTPUT_LEN];
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, iterations, salt, password.as_bytes(), &mut salted);
        let client = sign(&salted, "Client Key");
        let mut stored = [0; SHA256_OUTPUT_LEN];
        stored.copy_from_slice(digest(&SHA256, &client).as_ref());
        Self { client, stored, server: sign(&salted, "Server Key") }
    }
}

fn sign(key: &Key, text: &str) -> Key {
    let mut signature = [0; SHA256_OUTPUT_LEN];
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    signature.copy_from_slice(hmac::sign(&key, text.as_bytes()).as_ref());
    signature
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// The value of an attribute of a message.
fn field(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The exchange of RFC 7677 section 3.
    #[test]
    fn it_is_the_exchange_of_the_rfc() {
        let client = Client::new("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(client.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::new("pencil", &salt, NonZeroU32::new(4096).unwrap());
        let first = client.first();
        assert_eq!(Verifier::user(first.as_bytes()).as_deref(), Some("user"));
        let ours = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let challenge = verifier.challenge(first.as_bytes(), ours).unwrap();
        assert_eq!(
            challenge.message,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let answer = client.answer(challenge.message.as_bytes()).unwrap();
        assert_eq!(
            answer,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(
            verifier.verify(&challenge, answer.as_bytes()).unwrap(),
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    #[test]
    fn another_password_nonce_or_name_does_not_do() {
        let verifier = Verifier::new("right", b"salt", NonZeroU32::new(16).unwrap());
        let exchange = |password: &str, nonce: &str| {
            let client = Client::new("a=b,c", password, nonce);
            let first = client.first();
            assert_eq!(Verifier::user(first.as_bytes()).as_deref(), Some("a=b,c"));
            let challenge = verifier.challenge(first.as_bytes(), "ours").unwrap();
            let answer = client.answer(challenge.message.as_bytes()).unwrap();
            verifier.verify(&challenge, answer.as_bytes())
        };
        assert!(exchange("right", "theirs").is_some());
        assert!(exchange("wrong", "theirs").is_none());
        let client = Client::new("u", "right", "mine");
        assert!(client.answer(b"r=other,s=c2FsdA==,i=16").is_none(), "another nonce");
        assert!(client.answer(b"r=mineours,s=c2FsdA==,i=0").is_none());
        assert!(client.answer(b"\xFF").is_none());
    }
}
