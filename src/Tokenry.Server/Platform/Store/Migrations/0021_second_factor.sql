-- The second factor of a user: the secret of an authenticator app (RFC 6238), sealed under the key-encryption key. Without confirmed_at, the user has not
-- entered a code of it yet. last_step is the newest time step whose code was accepted: no code of it, or of one before it, is accepted again. failures counts
-- wrong codes in a row; the server compares none before next_try_at.
CREATE TABLE second_factors (
  user_id {id} PRIMARY KEY,
  sealed_secret {blob} NOT NULL,
  created_at bigint NOT NULL,
  confirmed_at bigint,
  last_step bigint NOT NULL,
  failures bigint NOT NULL,
  next_try_at bigint NOT NULL
);
CREATE INDEX second_factors_unconfirmed ON second_factors (created_at) WHERE confirmed_at IS NULL;
-- The recovery codes that were not used yet. hash is the SHA-256 of user and code.
CREATE TABLE recovery_codes (
  user_id {id} NOT NULL,
  hash {blob} NOT NULL,
  PRIMARY KEY (user_id, hash)
);
-- A sign-in between password and code. hash is the SHA-256 of the cookie's value, password_digest that of the password's hash.
CREATE TABLE second_steps (
  hash {blob} PRIMARY KEY,
  user_id {id} NOT NULL,
  password_digest {blob} NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX second_steps_user_id ON second_steps (user_id, expires_at);
CREATE INDEX second_steps_expires_at ON second_steps (expires_at);
-- Whether the use of the link also removes the second factor.
ALTER TABLE sign_in_links ADD COLUMN resets_second_factor bigint NOT NULL DEFAULT 0
