//! Redirects, followed as Fetch does for an `EventSource` (Fetch, "HTTP-redirect fetch").

use super::http::Pending;
use super::{Head, Http, Request, Response, Trouble};
use crate::transport::EndpointUrl;

/// Where browsers give up.
const LIMIT: usize = 20;

/// A request that goes where it is redirected to. What is no way to open a stream, such as a preflight,
/// stays where it is.
pub struct Redirects {
    http: Http,
    request: Request,
    follows: bool,
    /// The responses that redirected.
    passed: Vec<Head>,
}

impl Redirects {
    /// A request on its way.
    pub fn new(http: Http, request: &Request) -> Self {
        let request = request.opened_by(http.connector.opening());
        Self { follows: request.follows_redirects(), http, request, passed: Vec::new() }
    }

    /// The responses that redirected so far.
    pub fn passed(&self) -> &[Head] {
        &self.passed
    }

    /// Where the request has got to.
    pub(super) fn url(&self) -> &EndpointUrl {
        self.http.connector.url()
    }

    /// Sends the request to where it has got to.
    pub async fn begin(&self) -> Result<Pending, Trouble> {
        self.http.begin(&self.request).await
    }

    /// Turns to where a response redirects; says whether it does.
    pub fn follow(&mut self, head: &Head) -> Result<bool, Trouble> {
        let (true, 301 | 302 | 303 | 307 | 308, Some(location)) =
            (self.follows, head.status, head.header("location"))
        else {
            return Ok(false);
        };
        if self.passed.len() == LIMIT {
            return Err(Trouble::Redirect(format!(
                "it redirects more than {LIMIT} times in a row, at last to {location:?}"
            )));
        }
        let connector = &self.http.connector;
        let from = connector.url().with_path(self.request.target_or(connector.url().path()));
        let to = resolved(&from, &location)?;
        let crosses = !from.same_origin(&to);
        self.request = self.request.redirected(head.status, crosses.then_some(&from));
        self.http.connector = connector
            .redirected(to)
            .map_err(|error| Trouble::Redirect(format!("it redirects to {location:?}: {error}")))?;
        self.passed.push(head.clone());
        Ok(true)
    }
}

impl Http {
    /// Sends a request, and again to wherever it is redirected.
    pub async fn follow(&self, request: &Request) -> Result<Response, Trouble> {
        let mut redirects = Redirects::new(self.clone(), request);
        loop {
            let response = redirects.begin().await?.head(self.timeout).await?;
            if !redirects.follow(&response.head)? {
                return Ok(response);
            }
        }
    }
}

/// Where a `Location` points, seen from a URL.
fn resolved(from: &EndpointUrl, location: &str) -> Result<EndpointUrl, Trouble> {
    let wrong = |reason: &dyn std::fmt::Display| {
        Trouble::Redirect(format!("it redirects to {location:?}, where no stream can be: {reason}"))
    };
    let base = url::Url::parse(&from.to_string()).map_err(|error| wrong(&error))?;
    let mut to = base.join(location).map_err(|error| wrong(&error))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(wrong(&"expected http or https"));
    }
    to.set_fragment(None);
    to.as_str().parse().map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn locations_are_resolved_as_browsers_do() {
        let to = |location: &str| {
            let from = "http://host:8080/a/b?c".parse().unwrap();
            resolved(&from, location).map(|url| (url.to_string(), url.path().to_owned()))
        };
        assert_eq!(to("../x?y#z").unwrap().1, "/x?y");
        assert_eq!(to("?y").unwrap().1, "/a/b?y");
        assert!(to("https://other/").unwrap().0.starts_with("https://other"));
        assert!(to("//other:1/x").unwrap().0.starts_with("http://other:1"));
        for wrong in ["mqtt://host/", "ftp://host/", "mailto:x", "http://[", "http://host:99999/"] {
            assert!(matches!(to(wrong), Err(Trouble::Redirect(_))), "{wrong}");
        }
    }
}
