-- Grants refer to API resources by id and to scopes as of a generation (StoredGrant): a name that is taken away and used again is another.
-- What was written by name before is rewritten by PermissionsByIdentity, which runs after this.
ALTER TABLE api_resources ADD COLUMN scope_generation bigint NOT NULL DEFAULT 0;
