-- What a link's redemption compares, and who has opened it.
ALTER TABLE invites ADD COLUMN app_before TEXT NOT NULL DEFAULT '';
ALTER TABLE invites ADD COLUMN approval BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invites ADD COLUMN holder BYTEA NOT NULL DEFAULT '';
CREATE INDEX invites_pool ON invites (pool, id);

-- What happened on the way of whoever has a link.
CREATE TABLE invite_events (
    id        $KEY,
    invite    BIGINT NOT NULL,
    moment    BIGINT NOT NULL,
    happening TEXT NOT NULL,
    verdict   TEXT NOT NULL,
    off       BIGINT NOT NULL -- microseconds by which a phone's clock is off
);
CREATE INDEX invite_events_invite ON invite_events (invite, id);
CREATE INDEX invite_events_moment ON invite_events (moment);

-- Marks of accounts, until they are taken back.
CREATE TABLE marks (
    pool    TEXT NOT NULL,
    account TEXT NOT NULL,
    mark    TEXT NOT NULL,
    moment  BIGINT NOT NULL,
    PRIMARY KEY (pool, account, mark)
);
