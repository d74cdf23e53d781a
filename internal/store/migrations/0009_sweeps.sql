-- What sweeps saw of the pool's accounts.
CREATE TABLE swept (
    pool       TEXT NOT NULL,
    username   TEXT NOT NULL,
    sub        TEXT NOT NULL,
    status     TEXT NOT NULL,
    enabled    BIGINT NOT NULL,
    has_app    BIGINT NOT NULL,
    groups     TEXT NOT NULL, -- one a line
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    sweep      BIGINT NOT NULL,
    PRIMARY KEY (pool, username)
);
CREATE INDEX swept_sweep ON swept (pool, sweep);

CREATE TABLE sweeps (
    pool        TEXT PRIMARY KEY,
    begun       BIGINT NOT NULL, -- the newest sweep's number
    finished_at BIGINT NOT NULL  -- when the last one finished
);
