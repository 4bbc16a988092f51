-- Which credential minted this one, and, of what is registered, which one it replaced and which one replaced it.
ALTER TABLE credentials ADD COLUMN created_with {id};
ALTER TABLE credentials ADD COLUMN renewed_from {id};
ALTER TABLE credentials ADD COLUMN superseded_by {id};
-- Access tokens whose jti is older (Unix milliseconds) are refused: those that the credential bought, those that the principal has or holds.
ALTER TABLE credentials ADD COLUMN tokens_since bigint;
ALTER TABLE principals ADD COLUMN tokens_since bigint;
CREATE INDEX credentials_created_with ON credentials (created_with, id) WHERE created_with IS NOT NULL;
CREATE INDEX credentials_renewed_from ON credentials (renewed_from) WHERE renewed_from IS NOT NULL;
CREATE INDEX credentials_unrevoked ON credentials (owner_id, expires_at) WHERE state <> 'revoked';
-- How many credentials of a principal are not revoked: an upper bound of those that count against its cap, known without counting them.
CREATE TABLE credential_counts (
  owner_id {id} PRIMARY KEY,
  unrevoked bigint NOT NULL
);
INSERT INTO credential_counts (owner_id, unrevoked) SELECT owner_id, count(*) FROM credentials WHERE state <> 'revoked' GROUP BY owner_id;
