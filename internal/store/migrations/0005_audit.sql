-- The audit chain: each entry's hash covers its fields and the hash of the one before.
CREATE TABLE audit (
    seq      BIGINT PRIMARY KEY,
    moment   BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    target   TEXT NOT NULL,
    stage    TEXT NOT NULL,
    intent   BIGINT NOT NULL, -- of a result, 0 otherwise
    detail   TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash     BYTEA NOT NULL
);

-- Its newest entry: the row that writers take turns on, and by which a cut-off end is noticed.
CREATE TABLE audit_head (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
