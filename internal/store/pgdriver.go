package store

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL for database/sql, on pgx's connections alone: pgx's own driver knows every type of PostgreSQL, for an eighth
// of the binary (docs/decisions, 79). The store has whole numbers, texts, bytes and truths. What a query answers is read
// whole: lists have a limit.

// pgConnector makes connections.
type pgConnector struct {
	config  *pgconn.Config
	session string // what a new connection is told
	now     func() time.Time
}

func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	raw, err := pgconn.ConnectConfig(ctx, c.config)
	if err != nil {
		return nil, err
	}
	if _, err := raw.Exec(ctx, c.session).ReadAll(); err != nil {
		return nil, errors.Join(err, raw.Close(ctx))
	}
	return &pgConn{raw: raw, now: c.now, used: c.now()}, nil
}

func (c pgConnector) Driver() driver.Driver { return pgDriver{} }

// pgDriver is only there because database/sql asks for it: the store opens by its connector.
type pgDriver struct{}

func (pgDriver) Open(string) (driver.Conn, error) { return nil, errors.ErrUnsupported }

// pgConn is a connection. database/sql uses it for one thing at a time.
type pgConn struct {
	raw      *pgconn.PgConn
	now      func() time.Time
	used     time.Time
	prepared int
}

var (
	_ driver.ConnBeginTx        = (*pgConn)(nil)
	_ driver.ConnPrepareContext = (*pgConn)(nil)
	_ driver.ExecerContext      = (*pgConn)(nil)
	_ driver.QueryerContext     = (*pgConn)(nil)
	_ driver.SessionResetter    = (*pgConn)(nil)
	_ driver.Validator          = (*pgConn)(nil)
)

// closeTimeout bounds the goodbye to a server that may be gone.
const closeTimeout = time.Second

func (c *pgConn) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return c.raw.Close(ctx)
}

// IsValid implements driver.Validator: a call that was given up on closes its connection.
func (c *pgConn) IsValid() bool { return !c.raw.IsClosed() && c.raw.TxStatus() == 'I' }

// ResetSession is asked before a connection is used again. One that was idle for a second is tried first.
func (c *pgConn) ResetSession(ctx context.Context) error {
	now := c.now()
	idle := now.Sub(c.used)
	c.used = now
	if !c.IsValid() || idle > time.Second && c.raw.Ping(ctx) != nil {
		return driver.ErrBadConn
	}
	return nil
}

func (c *pgConn) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported } // BeginTx is asked instead

func (c *pgConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts != (driver.TxOptions{}) {
		return nil, errors.ErrUnsupported
	}
	if _, err := c.simple(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	return pgTx{ctx, c}, nil
}

// pgTx ends by the deadline that it began with.
type pgTx struct {
	ctx  context.Context //nolint:containedctx // driver.Tx has no other way
	conn *pgConn
}

// Commit fails, too, when the server has rolled back instead, because a statement had failed.
func (t pgTx) Commit() error {
	tag, err := t.conn.simple(t.ctx, "COMMIT")
	if err == nil && tag.String() == "ROLLBACK" {
		err = errors.New("rolled back instead of committed")
	}
	return t.conn.closeUnlessIdle(err)
}

func (t pgTx) Rollback() error {
	_, err := t.conn.simple(t.ctx, "ROLLBACK")
	return t.conn.closeUnlessIdle(err)
}

// closeUnlessIdle leaves no transaction behind that nobody ends.
func (c *pgConn) closeUnlessIdle(err error) error {
	if err != nil && (c.raw.IsClosed() || c.raw.TxStatus() != 'I') {
		return errors.Join(err, c.Close())
	}
	return err
}

// simple executes statements without arguments.
func (c *pgConn) simple(ctx context.Context, query string) (tag pgconn.CommandTag, err error) {
	results, err := c.raw.Exec(ctx, query).ReadAll()
	if len(results) > 0 {
		tag = results[len(results)-1].CommandTag
	}
	return tag, again(err)
}

// again tells database/sql of errors after which nothing was sent, so that it takes another connection.
func again(err error) error {
	if err != nil && pgconn.SafeToRetry(err) {
		return driver.ErrBadConn
	}
	return err
}

func (c *pgConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 { // may be many statements
		tag, err := c.simple(ctx, query)
		return driver.RowsAffected(tag.RowsAffected()), err
	}
	values, formats, err := pgArguments(args)
	if err != nil {
		return nil, err
	}
	result := c.raw.ExecParams(ctx, query, values, nil, formats, nil).Read()
	return driver.RowsAffected(result.CommandTag.RowsAffected()), again(result.Err)
}

func (c *pgConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	values, formats, err := pgArguments(args)
	if err != nil {
		return nil, err
	}
	return pgRowsOf(c.raw.ExecParams(ctx, query, values, nil, formats, nil).Read())
}

func (c *pgConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *pgConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.prepared++
	name := "s" + strconv.Itoa(c.prepared)
	description, err := c.raw.Prepare(ctx, name, query, nil)
	if err != nil {
		return nil, again(err)
	}
	return &pgStmt{c, name, len(description.ParamOIDs)}, nil
}

// pgStmt is a statement that the server has read already.
type pgStmt struct {
	conn   *pgConn
	name   string
	inputs int
}

var (
	_ driver.StmtExecContext  = (*pgStmt)(nil)
	_ driver.StmtQueryContext = (*pgStmt)(nil)
)

func (s *pgStmt) NumInput() int { return s.inputs }

func (s *pgStmt) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.conn.raw.Deallocate(ctx, s.name)
}

func (s *pgStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported } // ExecContext is asked instead

func (s *pgStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errors.ErrUnsupported }

func (s *pgStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := s.execute(ctx, args)
	if err != nil {
		return nil, err
	}
	return driver.RowsAffected(result.CommandTag.RowsAffected()), again(result.Err)
}

func (s *pgStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	result, err := s.execute(ctx, args)
	if err != nil {
		return nil, err
	}
	return pgRowsOf(result)
}

func (s *pgStmt) execute(ctx context.Context, args []driver.NamedValue) (*pgconn.Result, error) {
	values, formats, err := pgArguments(args)
	if err != nil {
		return nil, err
	}
	return s.conn.raw.ExecPrepared(ctx, s.name, values, formats, nil).Read(), nil
}

// The two formats of values on the wire.
const pgText, pgBinary = 0, 1

// pgArguments are arguments as they are sent: bytes as they are, everything else as text, whose type the server knows.
func pgArguments(args []driver.NamedValue) (values [][]byte, formats []int16, err error) {
	values, formats = make([][]byte, len(args)), make([]int16, len(args))
	for i, arg := range args {
		switch value := arg.Value.(type) {
		case nil:
		case []byte:
			values[i], formats[i] = value, pgBinary
		case string:
			values[i] = []byte(value)
		case int64:
			values[i] = strconv.AppendInt(nil, value, 10)
		case bool:
			values[i] = strconv.AppendBool(nil, value)
		default:
			return nil, nil, fmt.Errorf("argument %d is a %T", i+1, value)
		}
	}
	return values, formats, nil
}

// pgRows is what a query answered.
type pgRows struct {
	fields []pgconn.FieldDescription
	rows   [][][]byte
}

func pgRowsOf(result *pgconn.Result) (driver.Rows, error) {
	if result.Err != nil {
		return nil, again(result.Err)
	}
	return &pgRows{result.FieldDescriptions, result.Rows}, nil
}

func (r *pgRows) Columns() []string {
	names := make([]string, len(r.fields))
	for i, field := range r.fields {
		names[i] = field.Name
	}
	return names
}

func (r *pgRows) Close() error { return nil }

func (r *pgRows) Next(dest []driver.Value) (err error) {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, text := range r.rows[0] {
		if dest[i], err = pgValue(r.fields[i].DataTypeOID, text); err != nil {
			return fmt.Errorf("column %s: %w", r.fields[i].Name, err)
		}
	}
	r.rows = r.rows[1:]
	return nil
}

// Types by the numbers that PostgreSQL has given them for ever (src/include/catalog/pg_type.dat).
const (
	pgBool  = 16
	pgBytea = 17
	pgInt8  = 20
	pgInt4  = 23
)

// pgValue reads a value that came as text.
func pgValue(oid uint32, text []byte) (driver.Value, error) {
	if text == nil {
		return nil, nil
	}
	switch oid {
	case pgBool:
		return string(text) == "t", nil
	case pgInt8, pgInt4:
		return strconv.ParseInt(string(text), 10, 64)
	case pgBytea:
		digits, found := strings.CutPrefix(string(text), `\x`)
		if !found { // bytea_output=escape
			return nil, errors.New("bytes are not written in hexadecimal")
		}
		return hex.DecodeString(digits)
	}
	return string(text), nil
}
