-- When a signing key passes from state to state; ended_at is when it was removed or tainted.
ALTER TABLE signing_keys ADD COLUMN activates_at bigint;
ALTER TABLE signing_keys ADD COLUMN activated_at bigint;
ALTER TABLE signing_keys ADD COLUMN retired_at bigint;
ALTER TABLE signing_keys ADD COLUMN removes_at bigint;
ALTER TABLE signing_keys ADD COLUMN ended_at bigint;
UPDATE signing_keys SET activated_at = created_at WHERE state = 'active';
-- Replicas that publish a next key at the same time agree on one.
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (purpose, algorithm) WHERE state = 'next';
