//! What lives only while something is evaluated: opaque here, known to the template engine by its type.
use std::any::Any;
use std::sync::Arc;

#[derive(Clone)]
pub struct Live {
    kind: &'static str,
    object: Arc<dyn Any + Send + Sync>,
}

impl Live {
    /// `kind` is the name of its type, as messages say it.
    pub fn new<T: Any + Send + Sync>(kind: &'static str, object: T) -> Self {
        Self { kind, object: Arc::new(object) }
    }

    pub fn kind(&self) -> &'static str {
        self.kind
    }
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.object.downcast_ref()
    }
}

impl PartialEq for Live {
    /// Only itself is equal to it.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.object, &other.object)
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "<{}>", self.kind)
    }
}
