-- When a post was last edited; NULL while it is as it was first written.
ALTER TABLE post ADD COLUMN updated INTEGER;

CREATE INDEX post_newest ON post (created DESC, id DESC);
