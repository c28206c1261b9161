//! Accounts.

use super::{Store, StoreError};

pub type UserId = i64;

#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: UserId,
    pub name: String,
}

impl Store {
    /// `None` if the name is taken; names that differ only in case are the same.
    pub async fn create_user(&self, name: &str, password_hash: &str) -> Result<Option<User>, StoreError> {
        let made = sqlx::query_scalar::<_, i64>("INSERT INTO user (username, password) VALUES (?, ?) RETURNING id")
            .bind(name)
            .bind(password_hash)
            .fetch_one(&self.pool)
            .await;
        match made {
            Ok(id) => Ok(Some(User { id, name: name.to_string() })),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The account and its password hash.
    pub async fn user_named(&self, name: &str) -> Result<Option<(User, String)>, StoreError> {
        let row: Option<(i64, String, String)> =
            sqlx::query_as("SELECT id, username, password FROM user WHERE username = ?")
                .bind(name)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(id, name, hash)| (User { id, name }, hash)))
    }
}
