//! The schema's steps, oldest first, carried in the program.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr, SqlitePool};

/// A step that was released is never edited: databases remember its hash.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "users and posts", include_str!("../../migrations/0001_users_and_posts.sql")),
    (2, "sessions", include_str!("../../migrations/0002_sessions.sql")),
    (3, "post updated", include_str!("../../migrations/0003_post_updated.sql")),
];

/// Takes the steps that this database has not seen. A database from a newer program is refused.
pub async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
    migrator(STEPS).run(pool).await
}

fn migrator(steps: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::Connection;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

    use super::*;
    use crate::store::{PostText, Store, StoreError};

    async fn raw(path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    #[tokio::test]
    async fn an_older_schema_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blog.db");
        let mut old = raw(&path).await;
        migrator(&STEPS[..1]).run(&mut old).await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO user (username, password) VALUES ('ann', 'hash');
             INSERT INTO post (author_id, created, title, body) VALUES (1, 1000, 'Old', 'Kept');",
        )
        .execute(&mut old)
        .await
        .unwrap();
        old.close().await.unwrap();

        let store = Store::open(&path).await.unwrap();
        let post = store.post(1).await.unwrap().unwrap();
        assert_eq!((post.title.as_str(), post.author.as_str(), post.updated), ("Old", "ann", None));
        let text = PostText { title: "New".into(), body: "Kept".into() };
        assert!(store.update_post(1, post.author_id, &text).await.unwrap());
        store.close().await;

        // A second start finds nothing to do.
        let again = Store::open(&path).await.unwrap();
        assert!(again.post(1).await.unwrap().unwrap().updated.is_some());
    }

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blog.db");
        let mut newer = raw(&path).await;
        let steps: Vec<_> =
            STEPS.iter().copied().chain([(99, "from the future", "CREATE TABLE future (id INTEGER)")]).collect();
        migrator(&steps).run(&mut newer).await.unwrap();
        newer.close().await.unwrap();
        assert!(matches!(Store::open(&path).await, Err(StoreError::Migrate { .. })));
    }
}
