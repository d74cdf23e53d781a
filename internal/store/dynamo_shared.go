package store

import (
	"context"
	"errors"
)

func sharedKey(name string) key { return key{"shared " + keyText(name), only} }

// LoadShared answers nil and 0 when the value was never saved.
func (d *dynamo) LoadShared(ctx context.Context, name string) (value []byte, version int64, err error) {
	found, err := d.one(ctx, "load shared value", sharedKey(name))
	if errors.Is(err, ErrNotFound) {
		return nil, 0, nil
	}
	return found.bytes("value"), found.number("version"), err
}

// SaveShared compares the version.
func (d *dynamo) SaveShared(ctx context.Context, name string, value []byte, version int64) (saved bool, err error) {
	err = d.write(ctx, "save shared value", func(ctx context.Context) error {
		ch := change{
			key: sharedKey(name), set: "SET #version = :next, #value = :value", condition: "#version = :version",
			values: item{":version": number(version), ":next": number(version + 1), ":value": blob(value)},
		}
		if version == 0 {
			ch.condition = absent
			delete(ch.values, ":version")
		}
		if len(value) == 0 {
			ch.set = "SET #version = :next REMOVE #value"
			delete(ch.values, ":value")
		}
		_, err := d.api.update(ctx, ch)
		saved = err == nil
		return quietly(err)
	})
	return saved, err
}
