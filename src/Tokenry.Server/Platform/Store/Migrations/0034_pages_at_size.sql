-- What the pages ask for in large stores, where it is rare among much else: ./bench pages measures them.
CREATE INDEX notices_urgent ON notices (user_id, kind) WHERE kind IN ('leaked', 'revoked', 'due');
CREATE INDEX audit_events_action ON audit_events (action, seq);
CREATE INDEX access_log_refused ON access_log (result, id) WHERE result NOT IN ('valid', 'issued');
CREATE INDEX credentials_following_owner ON credentials (id) WHERE permissions IS NULL AND kind IN ('api_key', 'personal_access_token');
CREATE INDEX credentials_renewed_at ON credentials (renewed_at) WHERE renewed_at IS NOT NULL;
CREATE INDEX credentials_revoked_at ON credentials (revoked_at) WHERE state = 'revoked';
CREATE INDEX credentials_inactive ON credentials (state, id) WHERE state <> 'active';
CREATE INDEX credentials_created_at ON credentials (created_at)
