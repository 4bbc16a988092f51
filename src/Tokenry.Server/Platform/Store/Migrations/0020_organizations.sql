-- A customer or team: its members have roles there beside those that they have everywhere, and it may own applications.
CREATE TABLE organizations (
  id {id} PRIMARY KEY,
  name text NOT NULL,
  enabled bigint NOT NULL,
  created_at bigint NOT NULL
);
-- A row for each role: a member has at least one.
CREATE TABLE organization_members (
  organization_id {id} NOT NULL,
  principal_id {id} NOT NULL,
  role_id {id} NOT NULL,
  PRIMARY KEY (organization_id, principal_id, role_id)
);
CREATE INDEX organization_members_principal_id ON organization_members (principal_id);
CREATE INDEX organization_members_role_id ON organization_members (role_id);
-- The organization that owns an application.
ALTER TABLE principals ADD COLUMN organization_id {id};
CREATE INDEX principals_organization_id ON principals (organization_id, id) WHERE organization_id IS NOT NULL;
CREATE INDEX credentials_organization_id ON credentials (organization_id, id) WHERE organization_id IS NOT NULL;
-- The organization that an event concerns.
ALTER TABLE audit_events ADD COLUMN organization_id {id};
CREATE INDEX audit_events_organization_id ON audit_events (organization_id, seq) WHERE organization_id IS NOT NULL
