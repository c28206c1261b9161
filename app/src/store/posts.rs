//! Posts.

use sqlx::FromRow;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, UserId, now};

#[derive(Clone, Debug)]
pub struct Post {
    pub id: i64,
    pub author_id: UserId,
    pub author: String,
    pub title: String,
    pub body: String,
    pub created: i64,
    /// When it was last edited, if ever.
    pub updated: Option<i64>,
}

/// What an author writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostText {
    pub title: String,
    pub body: String,
}

impl Store {
    pub async fn count_posts(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM post").fetch_one(&self.pool).await?;
        Ok(count.unsigned_abs())
    }

    /// Newest first; bodies are cut after `body_chars` characters.
    pub async fn newest_posts(&self, skip: u64, most: u32, body_chars: u32) -> Result<Vec<Post>, StoreError> {
        let posts = sqlx::query_as(
            "SELECT post.id, author_id, username, title, substr(body, 1, ?) AS body, created, updated
             FROM post JOIN user ON user.id = post.author_id ORDER BY created DESC, post.id DESC LIMIT ? OFFSET ?",
        )
        .bind(body_chars)
        .bind(most)
        .bind(i64::try_from(skip).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        Ok(posts)
    }

    pub async fn post(&self, id: i64) -> Result<Option<Post>, StoreError> {
        let post = sqlx::query_as(
            "SELECT post.id, author_id, username, title, body, created, updated
             FROM post JOIN user ON user.id = post.author_id WHERE post.id = ?",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(post)
    }

    pub async fn create_post(&self, author: UserId, text: &PostText) -> Result<i64, StoreError> {
        let id =
            sqlx::query_scalar("INSERT INTO post (author_id, created, title, body) VALUES (?, ?, ?, ?) RETURNING id")
                .bind(author)
                .bind(now())
                .bind(&text.title)
                .bind(&text.body)
                .fetch_one(&self.pool)
                .await?;
        Ok(id)
    }

    /// False if there is no such post of this author.
    pub async fn update_post(&self, id: i64, author: UserId, text: &PostText) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE post SET title = ?, body = ?, updated = ? WHERE id = ? AND author_id = ?")
            .bind(&text.title)
            .bind(&text.body)
            .bind(now())
            .bind(id)
            .bind(author)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// False if there is no such post of this author.
    pub async fn delete_post(&self, id: i64, author: UserId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM post WHERE id = ? AND author_id = ?")
            .bind(id)
            .bind(author)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

impl<'r> FromRow<'r, SqliteRow> for Post {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Post> {
        let (id, author_id, author, title, body, created, updated) = FromRow::from_row(row)?;
        Ok(Post { id, author_id, author, title, body, created, updated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn blog() -> (tempfile::TempDir, Store, UserId, UserId) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("blog.db")).await.unwrap();
        let ann = store.create_user("ann", "hash").await.unwrap().unwrap();
        let bob = store.create_user("bob", "hash").await.unwrap().unwrap();
        (folder, store, ann.id, bob.id)
    }

    #[tokio::test]
    async fn only_its_author_changes_a_post() {
        let (_folder, store, ann, bob) = blog().await;
        let text = PostText { title: "Mine".into(), body: "Words".into() };
        let id = store.create_post(ann, &text).await.unwrap();
        assert!(!store.update_post(id, bob, &PostText::default()).await.unwrap());
        assert!(!store.delete_post(id, bob).await.unwrap());
        assert_eq!(store.post(id).await.unwrap().unwrap().title, "Mine");
        assert!(store.delete_post(id, ann).await.unwrap());
        assert!(store.post(id).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn pages_are_newest_first_and_bodies_are_cut() {
        let (_folder, store, ann, _) = blog().await;
        for number in 1..=5 {
            let text = PostText { title: number.to_string(), body: "äöü".repeat(number) };
            store.create_post(ann, &text).await.unwrap();
        }
        let page = store.newest_posts(1, 2, 4).await.unwrap();
        let titles: Vec<_> = page.iter().map(|post| post.title.as_str()).collect();
        assert_eq!(titles, ["4", "3"]);
        assert_eq!(page[0].body, "äöüä");
        assert_eq!(store.count_posts().await.unwrap(), 5);
    }
}
