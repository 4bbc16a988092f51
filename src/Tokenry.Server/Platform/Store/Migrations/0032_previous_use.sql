-- The last use of the secret that the last rotation replaced, since that rotation. previous_version says which secret it was: at most one replaced secret
-- works at a time, and a record of an earlier one is of no use any more.
ALTER TABLE credential_usage ADD COLUMN previous_version bigint;
ALTER TABLE credential_usage ADD COLUMN previous_used_at bigint;
ALTER TABLE credential_usage ADD COLUMN previous_ip text;
ALTER TABLE credential_usage ADD COLUMN previous_agent text
