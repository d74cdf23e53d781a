-- Messages to another server that wait for it to take them.
CREATE TABLE deliveries (
    id         $KEY,
    message    TEXT NOT NULL,
    body       BYTEA NOT NULL,
    tries      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL
);
CREATE INDEX deliveries_next_at ON deliveries (next_at);
