package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// postgresConnLifetime bounds how long a node goes on with a server that was demoted or moved.
	postgresConnLifetime = 5 * time.Minute
	postgresDial         = 5 * time.Second
)

// postgresSession makes every connection safe to lose. A transaction whose node froze is ended by the server, lest it
// hold a lock for ever; a statement that its node gave up on does not go on for long; a server that is set to answer
// before the disk has (synchronous_commit=off) does not do so for us; bytes come as pgdriver.go reads them.
const postgresSession = `SELECT set_config('idle_in_transaction_session_timeout', '15s', false),
	set_config('statement_timeout', '30s', false),
	set_config('bytea_output', 'hex', false),
	CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`

// openPostgres makes connections when they are needed, and new ones after the server was away.
func openPostgres(url string, conns int, now func() time.Time) (engine, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		// Not err: it repeats the URL, and finds the password in it only as well as it can.
		return engine{}, errors.New("postgres: cannot read the URL: want postgres://user:password@host:5432/database")
	}
	config.ConnectTimeout = min(or(config.ConnectTimeout, postgresDial), postgresDial)
	if config.ValidateConnect == nil { // with several hosts, or after a failover: the one that may be written to
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	db := sql.OpenDB(pgConnector{config: config, session: postgresSession, now: now})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(postgresConnLifetime)
	return engine{
		writer: db, reader: db,
		lock: func(ctx context.Context, tx *sql.Tx, name lockName) error {
			_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(name))
			return err
		},
		key:      "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
		schema:   config.RuntimeParams["search_path"],
		conflict: postgresConflict,
		commits:  true,
	}, nil
}

func postgresConflict(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23505" // unique_violation
}
