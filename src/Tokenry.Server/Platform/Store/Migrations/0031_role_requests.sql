-- Whether every user may see a role by its name and ask for it. A server of the version before leaves it as it is, and makes roles that are not offered.
ALTER TABLE roles ADD COLUMN requestable bigint NOT NULL DEFAULT 0;
-- What users asked for: a role on the whole server, or in an organization. role_name is the name by which they asked.
CREATE TABLE role_requests (
  id {id} PRIMARY KEY,
  user_id {id} NOT NULL,
  role_id {id} NOT NULL,
  role_name text NOT NULL,
  organization_id {id},
  justification text NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'withdrawn')),
  requested_at bigint NOT NULL,
  decided_at bigint,
  decided_by {id},
  message text
);
CREATE INDEX role_requests_user_id ON role_requests (user_id, id);
CREATE INDEX role_requests_organization_id ON role_requests (organization_id, id);
CREATE UNIQUE INDEX role_requests_pending ON role_requests (user_id, role_id, coalesce(organization_id, '')) WHERE state = 'pending'
