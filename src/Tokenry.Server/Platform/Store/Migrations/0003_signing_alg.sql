-- What an API resource's access tokens are signed with.
ALTER TABLE api_resources ADD COLUMN access_token_signing_alg text NOT NULL DEFAULT 'ES256';
-- Replicas that make a key at the same time agree on one: the second INSERT does nothing.
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (purpose, algorithm) WHERE state = 'active';
