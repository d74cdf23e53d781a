package userpool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// stateFile keeps the service across restarts. A call that changes something is answered after its change is in the
// file; calls that come together share one write. The file is replaced as a whole, so that a kill leaves the old one
// or the new one.
type stateFile struct {
	mu    sync.Mutex // one writer; taken before the service's own lock
	path  string
	saved uint64 // the version in the file
}

// UseState makes the service remember itself in a file, and takes over what is already there: pools, clients, users,
// sessions, tokens, keys. Call it before the first request. A pool from a file is as the file says; of Options only
// clock, randomness and switches still count. What a refused call changed, such as the count of wrong passwords, is
// saved with the next call that succeeds.
func (p *Pool) UseState(path string) error {
	content, err := os.ReadFile(path) //nolint:gosec // the operator names it
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("userpool: state: %w", err)
	default:
		var s snapshot
		if err := json.Unmarshal(content, &s); err != nil {
			return fmt.Errorf("userpool: state file %s: %w", path, err)
		}
		if err := p.restore(s); err != nil {
			return fmt.Errorf("userpool: state file %s: %w", path, err)
		}
	}
	p.file.mu.Lock()
	p.file.path = path
	p.file.mu.Unlock()
	return p.Save()
}

// Save writes the state file, if there is one, whether or not anything has changed.
func (p *Pool) Save() error {
	p.file.mu.Lock()
	defer p.file.mu.Unlock()
	if p.file.path == "" {
		return nil
	}
	return p.writeState()
}

// persist saves what an operation has changed.
func (p *Pool) persist(operation string) error {
	for _, prefix := range []string{"Get", "List", "Describe", "AdminGet", "AdminList"} {
		if strings.HasPrefix(operation, prefix) && operation != "GetTokensFromRefreshToken" && operation != "GetUserAttributeVerificationCode" {
			return nil
		}
	}
	p.mu.Lock()
	p.version++
	version := p.version
	p.mu.Unlock()
	p.file.mu.Lock()
	defer p.file.mu.Unlock()
	if p.file.path == "" || p.file.saved >= version {
		return nil
	}
	return p.writeState()
}

// writeState writes beside the file and renames. The caller holds the file's lock.
func (p *Pool) writeState() error {
	content, version, err := p.marshalState()
	if err != nil {
		return err
	}
	if err := replaceFile(p.file.path, content); err != nil {
		return fmt.Errorf("userpool: state: %w", err)
	}
	p.file.saved = version
	return nil
}

// marshalState writes the snapshot out under the lock: it shares maps and lists with the state.
func (p *Pool) marshalState() ([]byte, uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.snapshot()
	if err != nil {
		return nil, 0, err
	}
	content, err := json.Marshal(s) //nolint:gosec // the file holds every secret, and is its owner's alone
	if err != nil {
		return nil, 0, fmt.Errorf("userpool: state: %w", err)
	}
	return content, p.version, nil
}

// replaceFile puts content in place of a file, all of it or nothing. Only its owner can read it.
func replaceFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".userpool-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // gone already after a success
	_, err = temporary.Write(content)
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
