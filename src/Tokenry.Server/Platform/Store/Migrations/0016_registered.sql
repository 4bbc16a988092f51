-- What an application registered and has not revoked, newest of a kind first: anybody may have it looked at by naming the application.
CREATE INDEX credentials_registered ON credentials (owner_id, kind, id) WHERE material IS NOT NULL AND state <> 'revoked'
