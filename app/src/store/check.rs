//! Whether the database is well: there, whole enough to be read, and ready to be written.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

use super::Store;

/// Longer than this is as bad as no answer.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub enum Unwell {
    #[error("the database file is gone: {0}")]
    Gone(std::io::Error),
    #[error("the database file was replaced while it was open")]
    Replaced,
    #[error("the database did not answer in {} seconds", PATIENCE.as_secs())]
    Silent,
    #[error("the database failed: {0}")]
    Failed(#[from] sqlx::Error),
}

impl Store {
    pub async fn check(&self) -> Result<(), Unwell> {
        tokio::time::timeout(PATIENCE, self.look()).await.map_err(|_| Unwell::Silent)?
    }

    async fn look(&self) -> Result<(), Unwell> {
        // SQLite goes on with a deleted file as if nothing were wrong, until the next start finds none.
        let named = std::fs::metadata(&self.path).map_err(Unwell::Gone)?;
        if (named.dev(), named.ino()) != self.file {
            return Err(Unwell::Replaced);
        }
        let mut connection = self.pool.acquire().await?;
        can_read(&mut connection).await?;
        // Takes the write lock and gives it back: one that cannot be written shows, without a write for each check.
        let writing = sqlx::Connection::begin_with(&mut *connection, "BEGIN IMMEDIATE").await?;
        Ok(writing.rollback().await?)
    }
}

async fn can_read(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for query in ["SELECT id FROM user LIMIT 1", "SELECT id FROM post LIMIT 1", "SELECT user_id FROM session LIMIT 1"] {
        sqlx::query(query).fetch_optional(&mut *connection).await?;
    }
    Ok(())
}
