-- What another application handed over, sealed, waiting for its browser.
CREATE TABLE handoffs (
    locator_hash BYTEA PRIMARY KEY,
    payload      BYTEA NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX handoffs_expires_at ON handoffs (expires_at);
