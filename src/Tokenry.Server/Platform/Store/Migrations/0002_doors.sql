-- What the doors need: limits, records of use and of access, aggregated denials.
ALTER TABLE credentials ADD COLUMN rate_limits text;
ALTER TABLE principals ADD COLUMN rate_limits text;
ALTER TABLE api_resources ADD COLUMN access_log text NOT NULL DEFAULT 'denials';
-- The last of the like events one row stands for; at is the first.
ALTER TABLE audit_events ADD COLUMN last_at bigint;
-- Uses in a window, of a credential or an application, by all replicas together.
CREATE TABLE limit_counters (
  subject_id {id} NOT NULL,
  name text NOT NULL,
  span text NOT NULL,
  starts_at bigint NOT NULL,
  used bigint NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (subject_id, name, span, starts_at)
);
CREATE INDEX limit_counters_expires_at ON limit_counters (expires_at);
-- Decisions counted by minute and by hour; an unknown credential or API is the empty text.
CREATE TABLE usage_counters (
  span text NOT NULL CHECK (span IN ('minute', 'hour')),
  at bigint NOT NULL,
  credential_id {id} NOT NULL,
  api text NOT NULL,
  scope text NOT NULL,
  code text NOT NULL,
  subject text,
  uses bigint NOT NULL,
  PRIMARY KEY (span, at, credential_id, api, scope, code)
);
CREATE INDEX usage_counters_credential_id ON usage_counters (credential_id, span, at);
CREATE INDEX usage_counters_subject ON usage_counters (subject, span, at);
CREATE TABLE access_log (
  id {id} PRIMARY KEY,
  at bigint NOT NULL,
  door text NOT NULL,
  credential_id {id},
  kind text,
  subject text,
  api text,
  scope text,
  object text,
  method text,
  path text,
  result text NOT NULL,
  ip text,
  agent text,
  request_id text,
  token_id text
);
CREATE INDEX access_log_credential_id ON access_log (credential_id, id);
CREATE INDEX access_log_subject ON access_log (subject, id);
CREATE INDEX access_log_at ON access_log (at);
-- Refusals of the running minute, until the minute is over and each row becomes one audit event.
CREATE TABLE denials (
  minute bigint NOT NULL,
  action text NOT NULL,
  credential_id {id} NOT NULL,
  actor text NOT NULL,
  reason text NOT NULL,
  api text NOT NULL,
  network text NOT NULL,
  count bigint NOT NULL,
  first_at bigint NOT NULL,
  last_at bigint NOT NULL,
  PRIMARY KEY (minute, action, credential_id, actor, reason, api, network)
);
-- The networks a credential has been used from, so that a new one is noticed.
CREATE TABLE credential_networks (
  credential_id {id} NOT NULL,
  network text NOT NULL,
  first_seen_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  PRIMARY KEY (credential_id, network)
);
CREATE INDEX credential_networks_last_seen_at ON credential_networks (last_seen_at);
CREATE INDEX audit_events_credential_id ON audit_events (credential_id, seq);
