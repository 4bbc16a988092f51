-- Times are Unix milliseconds, flags 0/1, lists JSON text: the subset both engines share.
-- {blob} is the engine's type of bytes; {id} a text that sorts by its bytes, so that ids sort by time on every collation.
CREATE TABLE store_properties (
  name text PRIMARY KEY,
  value text NOT NULL
);
CREATE TABLE changes (
  seq bigint PRIMARY KEY,
  kind text NOT NULL,
  id text NOT NULL,
  at bigint NOT NULL
);
CREATE TABLE single_use (
  kind text NOT NULL,
  hash {blob} NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (kind, hash)
);
CREATE INDEX single_use_expires_at ON single_use (expires_at);
CREATE TABLE idempotency (
  scope {blob} PRIMARY KEY,
  body_hash {blob} NOT NULL,
  answer {blob} NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX idempotency_expires_at ON idempotency (expires_at);
CREATE TABLE audit_events (
  seq bigint PRIMARY KEY,
  id text NOT NULL UNIQUE,
  at bigint NOT NULL,
  actor text NOT NULL,
  credential_id {id},
  action text NOT NULL,
  target_type text,
  target_id text,
  api text,
  result text NOT NULL,
  reason text,
  ip text,
  ip_pseudonym text,
  agent text,
  request_id text,
  count bigint NOT NULL,
  prev {blob} NOT NULL,
  hash {blob} NOT NULL
);
CREATE INDEX audit_events_actor ON audit_events (actor, seq);
CREATE INDEX audit_events_target_id ON audit_events (target_id, seq);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE TABLE tombstones (
  id {id} PRIMARY KEY
);
CREATE TABLE api_resources (
  id {id} PRIMARY KEY,
  identifier text NOT NULL UNIQUE,
  name text NOT NULL,
  scopes text NOT NULL,
  accepted_credentials text NOT NULL,
  carriers text NOT NULL,
  object_types text NOT NULL,
  objects_in_tokens bigint NOT NULL,
  access_token_lifetime_seconds bigint NOT NULL,
  resource_servers text NOT NULL,
  created_at bigint NOT NULL
);
CREATE TABLE roles (
  id {id} PRIMARY KEY,
  name text NOT NULL UNIQUE,
  description text,
  permissions text NOT NULL,
  created_at bigint NOT NULL
);
-- Users and applications: one identity model, so that what owns a credential is found in one place.
CREATE TABLE principals (
  id {id} PRIMARY KEY,
  type text NOT NULL CHECK (type IN ('user', 'application')),
  name text NOT NULL,
  email text UNIQUE,
  password_hash text,
  owner_id {id},
  enabled bigint NOT NULL,
  created_at bigint NOT NULL,
  deleted_at bigint
);
CREATE INDEX principals_type ON principals (type, id);
CREATE INDEX principals_owner_id ON principals (owner_id);
CREATE TABLE principal_roles (
  principal_id {id} NOT NULL,
  role_id {id} NOT NULL,
  PRIMARY KEY (principal_id, role_id)
);
CREATE INDEX principal_roles_role_id ON principal_roles (role_id);
CREATE TABLE credentials (
  id {id} PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('api_key', 'anonymous_api_key', 'personal_access_token', 'client_secret')),
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
  revoked_reason text
);
CREATE INDEX credentials_owner_id ON credentials (owner_id, id);
CREATE INDEX credentials_expires_at ON credentials (expires_at);
CREATE TABLE credential_secrets (
  credential_id {id} NOT NULL,
  version bigint NOT NULL,
  hash {blob} NOT NULL,
  pepper_version bigint NOT NULL,
  expires_at bigint,
  PRIMARY KEY (credential_id, version)
);
CREATE INDEX credential_secrets_expires_at ON credential_secrets (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE credential_usage (
  credential_id {id} PRIMARY KEY,
  last_used_at bigint NOT NULL,
  ip text,
  agent text
);
CREATE TABLE revoked_access_tokens (
  token_id text PRIMARY KEY,
  expires_at bigint NOT NULL
);
CREATE TABLE signing_keys (
  key_id text PRIMARY KEY,
  purpose text NOT NULL,
  algorithm text NOT NULL,
  state text NOT NULL CHECK (state IN ('next', 'active', 'retired', 'removed', 'tainted')),
  public_key {blob} NOT NULL,
  sealed_private_key {blob} NOT NULL,
  created_at bigint NOT NULL
);
