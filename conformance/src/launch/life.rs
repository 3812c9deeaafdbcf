//! The life of a target that a case may end and begin again.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::{Ending, LaunchError, Launched};

/// A restart on its way.
pub type Restarting = Pin<Box<dyn Future<Output = Result<(), LaunchError>> + Send>>;

/// Ends a target and starts it again: a process, or a reference target in this one.
#[derive(Clone)]
pub struct Life(Arc<dyn Fn(Ending) -> Restarting + Send + Sync>);

impl Life {
    /// A life that is ended and begun again like this.
    pub fn new(restart: impl Fn(Ending) -> Restarting + Send + Sync + 'static) -> Self {
        Self(Arc::new(restart))
    }

    /// Ends the target, starts it again, and waits until it is ready.
    pub async fn restart(&self, how: Ending) -> Result<(), LaunchError> {
        (self.0)(how).await
    }
}

impl From<Launched> for Life {
    fn from(launched: Launched) -> Self {
        Self::new(move |how| {
            let launched = launched.clone();
            Box::pin(async move { launched.restart(how).await })
        })
    }
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Life")
    }
}
