-- Links that agents made.
CREATE TABLE invites (
    id               $KEY,
    locator_hash     BYTEA NOT NULL UNIQUE,
    pool             TEXT NOT NULL,
    account          TEXT NOT NULL,
    purpose          TEXT NOT NULL,
    agent            TEXT NOT NULL,
    ticket           TEXT NOT NULL,
    reason           TEXT NOT NULL,
    proof            TEXT NOT NULL,
    language         TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('live', 'opened', 'spent', 'revoked', 'cancelled')),
    changed_at       BIGINT NOT NULL, -- the state
    piece_hash       BYTEA NOT NULL,  -- empty: the link has no spoken piece
    piece_expires_at BIGINT NOT NULL,
    tries            BIGINT NOT NULL  -- wrong ones
);
-- At most one link of an account works.
CREATE UNIQUE INDEX invites_live ON invites (pool, account) WHERE state IN ('live', 'opened');
CREATE INDEX invites_account ON invites (pool, account, id);
CREATE INDEX invites_expires_at ON invites (expires_at);
