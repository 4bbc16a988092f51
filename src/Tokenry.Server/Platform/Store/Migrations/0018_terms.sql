-- What bounds a credential's use, and its holder's notes, are one JSON column. The lists and notes are JSON text already, so they are joined as they are.
ALTER TABLE credentials ADD COLUMN terms text;
UPDATE credentials SET terms = '{' || substr(
    coalesce(',"objects":' || objects, '') || coalesce(',"allowed_ips":' || allowed_ips, '') || coalesce(',"rate_limits":' || rate_limits, '')
    || CASE WHEN requires_signature = 1 THEN ',"request_signing":"required"' ELSE '' END
    || coalesce(',"rotate_every_days":' || rotate_every_days, '') || coalesce(',"metadata":' || metadata, ''), 2) || '}'
  WHERE objects IS NOT NULL OR allowed_ips IS NOT NULL OR rate_limits IS NOT NULL OR requires_signature = 1 OR rotate_every_days IS NOT NULL
    OR metadata IS NOT NULL;
ALTER TABLE credentials DROP COLUMN objects;
ALTER TABLE credentials DROP COLUMN allowed_ips;
ALTER TABLE credentials DROP COLUMN rate_limits;
ALTER TABLE credentials DROP COLUMN metadata;
ALTER TABLE credentials DROP COLUMN requires_signature;
ALTER TABLE credentials DROP COLUMN rotate_every_days;
