//! Logins. A token is known here by its hash alone, so a stolen database opens no session.

use std::time::Duration;

use super::{Store, StoreError, User, UserId, now};

impl Store {
    /// Begins a session; one that had the token `replacing` ends.
    pub async fn begin_session(
        &self,
        token_hash: &[u8],
        user: UserId,
        lifetime: Duration,
        replacing: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let expires = now().saturating_add(lifetime.as_secs().try_into().unwrap_or(i64::MAX));
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM session WHERE token_hash = ? OR expires <= ?")
            .bind(replacing.unwrap_or_default())
            .bind(now())
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO session (token_hash, user_id, created, expires) VALUES (?, ?, ?, ?)")
            .bind(token_hash)
            .bind(user)
            .bind(now())
            .bind(expires)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    pub async fn session_user(&self, token_hash: &[u8]) -> Result<Option<User>, StoreError> {
        let row: Option<(i64, String)> = sqlx::query_as(
            "SELECT user.id, user.username FROM session JOIN user ON user.id = session.user_id
             WHERE session.token_hash = ? AND session.expires > ?",
        )
        .bind(token_hash)
        .bind(now())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(id, name)| User { id, name }))
    }

    pub async fn end_session(&self, token_hash: &[u8]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM session WHERE token_hash = ?").bind(token_hash).execute(&self.pool).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_ends_when_it_expires_is_replaced_or_ended() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("blog.db")).await.unwrap();
        let ann = store.create_user("ann", "hash").await.unwrap().unwrap();
        let day = Duration::from_secs(86_400);

        store.begin_session(b"short", ann.id, Duration::ZERO, None).await.unwrap();
        assert_eq!(store.session_user(b"short").await.unwrap(), None);

        store.begin_session(b"first", ann.id, day, None).await.unwrap();
        store.begin_session(b"second", ann.id, day, Some(b"first")).await.unwrap();
        assert_eq!(store.session_user(b"first").await.unwrap(), None);
        assert_eq!(store.session_user(b"second").await.unwrap(), Some(ann));

        store.end_session(b"second").await.unwrap();
        assert_eq!(store.session_user(b"second").await.unwrap(), None);
    }
}
