-- A session of a person in a browser. The cookie has the id and a secret; hash is the SHA-256 of the cookie's value.
CREATE TABLE sessions (
  id {id} PRIMARY KEY,
  user_id {id} NOT NULL,
  hash {blob} NOT NULL,
  created_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  authenticated_at bigint NOT NULL,
  ends_at bigint NOT NULL,
  ip text,
  agent text
);
CREATE INDEX sessions_user_id ON sessions (user_id, id);
CREATE INDEX sessions_ends_at ON sessions (ends_at);
-- A link with which a person sets a password once. hash is the SHA-256 of its code. A row that is gone was used, replaced or purged.
CREATE TABLE sign_in_links (
  hash {blob} PRIMARY KEY,
  user_id {id} NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX sign_in_links_user_id ON sign_in_links (user_id);
CREATE INDEX sign_in_links_expires_at ON sign_in_links (expires_at);
