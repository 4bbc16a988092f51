-- Who had a credential's secret made anew last: what they hold since is found by it, as by who made it.
ALTER TABLE credentials ADD COLUMN renewed_by {id};
CREATE INDEX credentials_renewed_by ON credentials (renewed_by) WHERE renewed_by IS NOT NULL AND renewed_by <> owner_id;
-- Of credentials from before 0010 nothing but their maker is known; all others are found by created_with.
CREATE INDEX credentials_created_by ON credentials (created_by) WHERE created_with IS NULL AND created_by <> owner_id;
-- How far its maker reached when an answer was kept, and with which management rights.
ALTER TABLE idempotency ADD COLUMN made_with text;
