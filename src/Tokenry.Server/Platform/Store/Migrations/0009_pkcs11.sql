-- Whether the private half of a signing key is on the PKCS#11 token, and sealed_private_key empty for that reason.
ALTER TABLE signing_keys ADD COLUMN on_token bigint NOT NULL DEFAULT 0;
