-- Answers to requests of other applications that may be sent again.
CREATE TABLE answers (
    key_hash    BYTEA PRIMARY KEY,
    fingerprint BYTEA NOT NULL,  -- of the request
    answer      BYTEA NOT NULL,  -- sealed; empty: nobody has answered yet
    claimed_at  BIGINT NOT NULL, -- by whoever answers
    expires_at  BIGINT NOT NULL
);
CREATE INDEX answers_expires_at ON answers (expires_at);
