-- What happened to credentials that concerns a person. event names the event of the trail, or the expiry. mail_at is when the next attempt to mail it is due;
-- null = no mail is to be sent, or it was sent.
CREATE TABLE notices (
  id {id} PRIMARY KEY,
  user_id {id} NOT NULL,
  event text NOT NULL,
  at bigint NOT NULL,
  kind text NOT NULL,
  target_type text NOT NULL,
  target_id {id} NOT NULL,
  name text NOT NULL,
  reason text,
  mail_at bigint,
  mail_attempts bigint NOT NULL,
  UNIQUE (user_id, event)
);
CREATE INDEX notices_user_id ON notices (user_id, id);
CREATE INDEX notices_at ON notices (at);
CREATE INDEX notices_mail_at ON notices (mail_at) WHERE mail_at IS NOT NULL;
-- How far notices were collected: the position in the trail, and the time up to which expiries were looked at.
CREATE TABLE notice_progress (
  name {id} PRIMARY KEY,
  position bigint NOT NULL
);
INSERT INTO notice_progress (name, position) SELECT 'trail', coalesce(max(seq), 0) FROM audit_events;
INSERT INTO notice_progress (name, position) SELECT 'expiry', coalesce(max(at), 0) FROM audit_events
