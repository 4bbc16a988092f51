-- The calendar of a user. hash is the SHA-256 of the secret in its address, created_with the credential that made it, null for a session. covers_organizations
-- is 1 if it also has the dates of organizations that the user administers.
CREATE TABLE calendars (
  user_id {id} PRIMARY KEY,
  hash {blob} NOT NULL,
  created_at bigint NOT NULL,
  created_with {id},
  covers_organizations bigint NOT NULL
);
CREATE UNIQUE INDEX calendars_hash ON calendars (hash);
-- How often the name or the dates of a credential changed, and when they last did. Programs that read a calendar expect both of an event.
ALTER TABLE credentials ADD COLUMN revision bigint NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN revised_at bigint;
-- The language that a user chose on the pages, for what the server sends them; null = none.
ALTER TABLE principals ADD COLUMN language text;
-- The organization of what a notice is about; null = none.
ALTER TABLE notices ADD COLUMN organization_id text
