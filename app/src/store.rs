//! Where everything is kept. The only room that knows there is a database, and which one.

mod check;
mod posts;
mod schema;
mod sessions;
mod users;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub use check::Unwell;
pub use posts::{Post, PostText};
pub use users::{User, UserId};

#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
    path: PathBuf,
    /// Device and inode of the database file, to notice when another takes its place.
    file: (u64, u64),
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot open the database {}: {source}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("cannot bring the schema of {} up to date: {source}", path.display())]
    Migrate { path: PathBuf, source: sqlx::migrate::MigrateError },
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
}

impl Store {
    /// Opens the database, creates it if there is none, and brings its schema up to date.
    pub async fn open(path: &Path) -> Result<Store, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            // Readers go on while one writes; a crash of the machine may lose the last moment, never the file.
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5))
            // The container's root is read-only: there is no place for temporary files.
            .pragma("temp_store", "memory");
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await
            .map_err(|source| StoreError::Open { path: path.to_path_buf(), source })?;
        let file = std::fs::metadata(path)
            .map_err(|error| StoreError::Open { path: path.to_path_buf(), source: error.into() })?;
        schema::migrate(&pool).await.map_err(|source| StoreError::Migrate { path: path.to_path_buf(), source })?;
        Ok(Store { pool, path: path.to_path_buf(), file: (file.dev(), file.ino()) })
    }

    /// Writes back what is in memory and lets the file go.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Times are stored as seconds since 1970, in UTC.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().try_into().unwrap_or(i64::MAX))
}
