-- What an audited change was: members with their values before and after. changes is in the hash; personal, in which the pseudonyms of changes
-- are spelled out, is not, so that it can be erased.
ALTER TABLE audit_events ADD COLUMN changes text;
ALTER TABLE audit_events ADD COLUMN personal text;
-- Where the chain begins once retention has removed its oldest events; the row is there from the start, so that replicas can lock it.
INSERT INTO store_properties (name, value) VALUES ('audit_anchor', '');
-- Of the first refusal a row stands for; the target is kept while all have the same.
ALTER TABLE denials ADD COLUMN target_type text;
ALTER TABLE denials ADD COLUMN target_id text;
ALTER TABLE denials ADD COLUMN request_id text;
ALTER TABLE denials ADD COLUMN agent text;
