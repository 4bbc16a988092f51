-- The passkeys of users (WebAuthn). credential_id is the authenticator's name of the key, public_key a COSE key (RFC 9053), transports a list with commas.
-- sign_count is the newest value of the authenticator's counter; 0 = it has none. suspected_at is when the counter last went back, as that of a copy does.
CREATE TABLE passkeys (
  id {id} PRIMARY KEY,
  user_id {id} NOT NULL,
  credential_id {blob} NOT NULL,
  public_key {blob} NOT NULL,
  name text NOT NULL,
  transports text NOT NULL,
  sign_count bigint NOT NULL,
  backup_eligible bigint NOT NULL,
  backed_up bigint NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint,
  suspected_at bigint
);
CREATE UNIQUE INDEX passkeys_credential_id ON passkeys (credential_id);
CREATE INDEX passkeys_user_id ON passkeys (user_id, id)
