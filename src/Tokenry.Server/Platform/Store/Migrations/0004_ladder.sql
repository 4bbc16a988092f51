-- What an application proves itself with beyond secrets, and how strong a proof an API resource asks for.
-- The table is made anew because SQLite cannot widen a CHECK.
CREATE TABLE credentials_wider (
  id {id} PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('api_key', 'anonymous_api_key', 'personal_access_token', 'client_secret', 'public_key', 'certificate', 'federated_identity')),
  owner_id {id} NOT NULL,
  organization_id text,
  name text NOT NULL,
  masked text NOT NULL,
  permissions text,
  objects text,
  created_at bigint NOT NULL,
  created_by text,
  expires_at bigint,
  not_before bigint,
  allowed_ips text,
  metadata text,
  state text NOT NULL CHECK (state IN ('active', 'disabled', 'revoked')),
  revoked_at bigint,
  revoked_reason text,
  rate_limits text,
  -- Of what is registered instead of made here: the public key, the certificate or the rule, as JSON. Nothing in it is secret.
  material text,
  -- What names it among its owner's: a public key's kid, a certificate's x5t#S256.
  key_id text,
  -- Whether it opens an API only with a signed request.
  requires_signature bigint NOT NULL DEFAULT 0,
  -- How old it should get, when it last became new, when its holder should have another, and of how few days before that the audit told.
  rotate_every_days bigint,
  renewed_at bigint,
  due_at bigint,
  due_told_days bigint
);
INSERT INTO credentials_wider (id, kind, owner_id, organization_id, name, masked, permissions, objects, created_at, created_by, expires_at, not_before, allowed_ips, metadata, state, revoked_at, revoked_reason, rate_limits, due_at)
  SELECT id, kind, owner_id, organization_id, name, masked, permissions, objects, created_at, created_by, expires_at, not_before, allowed_ips, metadata, state, revoked_at, revoked_reason, rate_limits,
  CASE WHEN kind IN ('api_key', 'client_secret') THEN expires_at END FROM credentials;
DROP TABLE credentials;
ALTER TABLE credentials_wider RENAME TO credentials;
CREATE INDEX credentials_owner_id ON credentials (owner_id, id);
CREATE INDEX credentials_expires_at ON credentials (expires_at);
CREATE INDEX credentials_due_at ON credentials (due_at) WHERE due_at IS NOT NULL AND state = 'active';
CREATE UNIQUE INDEX credentials_key_id ON credentials (owner_id, kind, key_id) WHERE key_id IS NOT NULL AND state <> 'revoked';
-- How an application authenticates as an OAuth client, as JSON.
ALTER TABLE principals ADD COLUMN client text;
ALTER TABLE api_resources ADD COLUMN minimum_strength text NOT NULL DEFAULT 'bearer';
ALTER TABLE api_resources ADD COLUMN one_time_tokens bigint NOT NULL DEFAULT 0;
-- The rung that was used: the client authentication method, and what the token was bound to.
ALTER TABLE access_log ADD COLUMN auth_method text;
ALTER TABLE access_log ADD COLUMN bound_by text;
