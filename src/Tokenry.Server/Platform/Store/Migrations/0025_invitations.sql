-- An invitation of a person to an organization. hash is the SHA-256 of the code in its link, roles a JSON list of ids. created_with is the credential that the
-- inviter used, null for a session; created_in the organization in which the inviter acted, null for the whole server. An invitation works until it has ended_as
-- or expires. The row stays for a while, so that its link can say why it does not work.
CREATE TABLE invitations (
  id {id} PRIMARY KEY,
  organization_id {id} NOT NULL,
  hash {blob} NOT NULL,
  roles text NOT NULL,
  email text,
  note text,
  created_by {id} NOT NULL,
  created_with {id},
  created_in {id},
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  ended_as text,
  ended_at bigint,
  accepted_by {id}
);
CREATE UNIQUE INDEX invitations_hash ON invitations (hash);
CREATE INDEX invitations_organization_id ON invitations (organization_id, id);
CREATE INDEX invitations_expires_at ON invitations (expires_at)
