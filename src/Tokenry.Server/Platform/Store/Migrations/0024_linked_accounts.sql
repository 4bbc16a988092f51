-- Accounts at outside OpenID Connect providers with which users sign in. issuer and subject name an account; label is for people, and no key of anything.
CREATE TABLE linked_accounts (
  id {id} PRIMARY KEY,
  user_id {id} NOT NULL,
  issuer text NOT NULL,
  subject text NOT NULL,
  label text NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint
);
CREATE UNIQUE INDEX linked_accounts_issuer_subject ON linked_accounts (issuer, subject);
CREATE INDEX linked_accounts_user_id ON linked_accounts (user_id, id)
