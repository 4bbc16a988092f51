-- Who acted for the subject, and by which grant.
ALTER TABLE access_log ADD COLUMN actor text;
ALTER TABLE access_log ADD COLUMN grant_type text;
