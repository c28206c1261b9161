//! Everything that requests share, and the routes.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::Config;
use crate::layers::{finish_faults, limit_time, observe, secure, survive_panic};
use crate::metrics::Metrics;
use crate::pages::{Templates, account, asset, feed, method_not_allowed, not_found, posts};
use crate::password::{PasswordError, Passwords};
use crate::store::{Store, StoreError};
use crate::throttle::Throttle;
use crate::{health, metrics};

#[derive(Clone)]
pub struct Site(Arc<Shared>);

pub struct Shared {
    pub config: Config,
    pub store: Store,
    pub(crate) passwords: Passwords,
    pub(crate) throttle: Throttle,
    pub(crate) metrics: Metrics,
    pub(crate) templates: Templates,
    draining: AtomicBool,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("a page template is malformed: {0}")]
    Template(#[from] minijinja::Error),
}

impl Site {
    pub async fn open(config: Config) -> Result<Site, StartError> {
        Ok(Site(Arc::new(Shared {
            store: Store::open(&config.database).await?,
            passwords: Passwords::new(config.password_cost)?,
            throttle: Throttle::default(),
            metrics: Metrics::default(),
            templates: Templates::new()?,
            draining: AtomicBool::new(false),
            config,
        })))
    }

    /// From now on `/_health` says that we are leaving.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    pub fn router(&self) -> Router {
        // The last layer is the outermost: it sees the request first and the response last.
        Router::new()
            .route("/", get(posts::list))
            .route("/posts/{id}", get(posts::read))
            .route("/create", get(posts::show_create).post(posts::create))
            .route("/posts/{id}/update", get(posts::show_update).post(posts::update))
            .route("/posts/{id}/delete", get(posts::show_delete).post(posts::delete))
            .route("/auth/register", get(account::show_register).post(account::register))
            .route("/auth/login", get(account::show_login).post(account::log_in))
            .route("/auth/logout", post(account::log_out))
            .route("/feed.atom", get(feed::atom))
            .route("/static/{name}", get(asset::serve))
            .route("/_health", get(health::answer))
            .route("/metrics", get(metrics::answer))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(DefaultBodyLimit::max(self.config.max_request_bytes))
            .layer(from_fn_with_state(self.clone(), limit_time))
            .layer(CatchPanicLayer::custom(survive_panic))
            .layer(from_fn_with_state(self.clone(), finish_faults))
            .layer(from_fn_with_state(self.clone(), secure))
            .layer(from_fn_with_state(self.clone(), observe))
            .with_state(self.clone())
    }
}

impl Deref for Site {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
