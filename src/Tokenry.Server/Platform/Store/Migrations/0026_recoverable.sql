-- The secret of a recoverable API key, sealed under the key-encryption key of the version sealed_under. No check reads this table.
CREATE TABLE recoverable_secrets (
  credential_id {id} PRIMARY KEY,
  version bigint NOT NULL,
  sealed {blob} NOT NULL,
  sealed_under bigint NOT NULL
);
CREATE INDEX recoverable_secrets_sealed_under ON recoverable_secrets (sealed_under, credential_id);
-- The principals to which the secret of a credential was revealed: they hold it, like those that made it.
CREATE TABLE credential_reveals (
  principal_id {id} NOT NULL,
  credential_id {id} NOT NULL,
  PRIMARY KEY (principal_id, credential_id)
)
