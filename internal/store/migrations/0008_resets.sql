-- Resets of lost phones, and what came of their parts.
CREATE TABLE resets (
    id         $KEY,
    pool       TEXT NOT NULL,
    account    TEXT NOT NULL,
    username   TEXT NOT NULL,
    agent      TEXT NOT NULL,
    approval   BIGINT NOT NULL,
    ticket     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    proof      TEXT NOT NULL,
    language   TEXT NOT NULL,
    lifetime   BIGINT NOT NULL, -- of the link, in microseconds
    invite     BIGINT NOT NULL, -- 0: not made yet
    created_at BIGINT NOT NULL,
    done_at    BIGINT NOT NULL  -- 0: some part is not done
);
-- At most one reset of an account is in progress.
CREATE UNIQUE INDEX resets_open ON resets (pool, account) WHERE done_at = 0;
CREATE INDEX resets_account ON resets (pool, account, id);

CREATE TABLE reset_parts (
    reset  BIGINT NOT NULL,
    part   TEXT NOT NULL,
    done   BIGINT NOT NULL, -- 1: nothing is left to do
    result TEXT NOT NULL,
    moment BIGINT NOT NULL,
    PRIMARY KEY (reset, part)
);

-- What a second person is asked to agree to.
CREATE TABLE approvals (
    id         $KEY,
    pool       TEXT NOT NULL,
    operation  TEXT NOT NULL,
    account    TEXT NOT NULL,
    agent      TEXT NOT NULL,
    session    TEXT NOT NULL,
    ticket     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    proof      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'used')),
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL
);
CREATE INDEX approvals_pool ON approvals (pool, id);
CREATE INDEX approvals_expires_at ON approvals (expires_at);
