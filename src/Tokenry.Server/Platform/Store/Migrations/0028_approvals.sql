-- The approvals that policies demanded of credentials, one for a credential. While it is pending, its credential is stored as disabled, so that a server of the
-- version before gives it no right either. demanded_by is the owner of the policy; decided_by is null if the policy approved it at once.
CREATE TABLE approvals (
  id {id} PRIMARY KEY,
  credential_id {id} NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
  demanded_by {id} NOT NULL,
  justification text,
  decided_at bigint,
  decided_by {id},
  message text
);
CREATE UNIQUE INDEX approvals_credential_id ON approvals (credential_id);
CREATE INDEX approvals_pending ON approvals (id) WHERE state = 'pending'
