package store

import (
	"context"
	"errors"
)

// LoadShared answers a value that all nodes change together, and its version: nil and 0 when it was never saved.
func (s *database) LoadShared(ctx context.Context, name string) (value []byte, version int64, err error) {
	err = s.read(ctx, "load shared value", `SELECT value, version FROM shared WHERE name = $1`, []any{name}, &value, &version)
	if errors.Is(err, ErrNotFound) {
		return nil, 0, nil
	}
	return value, version, err
}

// SaveShared replaces the value that LoadShared answered with version. It answers false when another node was quicker:
// load it again then. After ErrUnavailable it may be saved.
func (s *database) SaveShared(ctx context.Context, name string, value []byte, version int64) (saved bool, err error) {
	var n int64
	if version == 0 {
		n, err = s.write(ctx, "save shared value", `INSERT INTO shared (name, version, value) VALUES ($1, 1, $2)
			ON CONFLICT (name) DO NOTHING`, name, value)
	} else {
		n, err = s.write(ctx, "save shared value", `UPDATE shared SET version = version + 1, value = $2
			WHERE name = $1 AND version = $3`, name, value, version)
	}
	return n == 1, err
}
