-- The pepper whose root a secret's signing key is derived from; null where it has none. Not that of its hash, which may be made anew under another.
ALTER TABLE credential_secrets ADD COLUMN signing_pepper_version bigint;
