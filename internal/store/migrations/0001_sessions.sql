-- Sessions that were ended before their cookies expired.
CREATE TABLE ended_sessions (
    sid   BYTEA PRIMARY KEY,
    until BIGINT NOT NULL -- its cookies have expired by then
);
CREATE INDEX ended_sessions_until ON ended_sessions (until);

-- Accounts whose sessions ended all at once: those that began before the moment.
CREATE TABLE not_before (
    account TEXT PRIMARY KEY,
    moment  BIGINT NOT NULL
);
CREATE INDEX not_before_moment ON not_before (moment);
