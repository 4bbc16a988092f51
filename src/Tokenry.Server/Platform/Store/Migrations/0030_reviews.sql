-- Access reviews: who held what at a moment, to be signed line by line. organization_id is null for the whole server.
CREATE TABLE access_reviews (
  id {id} PRIMARY KEY,
  organization_id {id},
  from_at bigint NOT NULL,
  to_at bigint NOT NULL,
  created_at bigint NOT NULL,
  created_by {id} NOT NULL
);
CREATE INDEX access_reviews_organization_id ON access_reviews (organization_id, id);
-- A line is a credential, or a role of a principal: kind is the kind of the credential, or role. organization_id is where it counts. stated says what it was
-- when the review was opened. decision is keep or revoke, null while it is not signed.
CREATE TABLE access_review_lines (
  id {id} PRIMARY KEY,
  review_id {id} NOT NULL,
  kind text NOT NULL,
  owner_type text NOT NULL,
  owner_id {id} NOT NULL,
  owner_name text NOT NULL,
  target_id {id} NOT NULL,
  name text NOT NULL,
  organization_id {id},
  permissions text,
  expires_at bigint,
  last_used_at bigint,
  stated text NOT NULL,
  decision text,
  decided_by {id},
  decided_at bigint,
  comment text
);
CREATE INDEX access_review_lines_review_id ON access_review_lines (review_id, id);
-- Filters of the list of all credentials that a user saved under a name. filters is the query of an address.
CREATE TABLE saved_views (
  id {id} PRIMARY KEY,
  user_id {id} NOT NULL,
  name text NOT NULL,
  filters text NOT NULL,
  UNIQUE (user_id, name)
)
