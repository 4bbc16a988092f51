-- The policies of the server (owner 'server') and of organizations: rules is JSON. The row of the server is there from the start, so that changes lock it.
CREATE TABLE policies (
  owner {id} PRIMARY KEY,
  rules text NOT NULL
);
INSERT INTO policies (owner, rules) VALUES ('server', '{}')
