-- A role that a principal has on some objects only: a row for each pattern. The organization is empty for a role that counts wherever the principal acts.
CREATE TABLE object_roles (
  principal_id {id} NOT NULL,
  organization_id {id} NOT NULL,
  role_id {id} NOT NULL,
  object text NOT NULL,
  PRIMARY KEY (principal_id, organization_id, role_id, object)
);
CREATE INDEX object_roles_role_id ON object_roles (role_id);
