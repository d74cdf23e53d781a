-- Values that all nodes change together, each with the number of its changes.
CREATE TABLE shared (
    name    TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    value   BYTEA NOT NULL
);
