-- One cell of the generic cell rate algorithm for each key that acted lately.
CREATE TABLE throttles (
    key_hash BYTEA PRIMARY KEY,
    due      BIGINT NOT NULL -- theoretical arrival time: once it has passed, the cell is as good as gone
);
CREATE INDEX throttles_due ON throttles (due);
