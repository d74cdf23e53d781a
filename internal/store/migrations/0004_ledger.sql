-- What became of every account's authenticator, as far as this portal knows. Rows are only ever added.
CREATE TABLE ledger (
    id      $KEY,
    moment  BIGINT NOT NULL,
    pool    TEXT NOT NULL,
    account TEXT NOT NULL,
    event   TEXT NOT NULL,
    actor   TEXT NOT NULL,
    detail  TEXT NOT NULL
);
CREATE INDEX ledger_account ON ledger (pool, account, id);
