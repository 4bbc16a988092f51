-- What an application is given beside its roles, as JSON, in the form of roles.permissions.
ALTER TABLE principals ADD COLUMN permissions text;
-- Whether an application has no more than its owner. 0: it had more when this came, and keeps it until it is transferred.
-- Which of those that exist have more is found at the next start (OwnedApplications), since roles are understood there and not here.
ALTER TABLE principals ADD COLUMN owner_bound bigint NOT NULL DEFAULT 1;
UPDATE principals SET owner_bound = 0 WHERE owner_id IS NOT NULL;
INSERT INTO store_properties (name, value) VALUES ('owned_applications', 'unsettled')
