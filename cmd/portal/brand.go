package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/i18n"
)

// brandFolder keeps the brand as the operator's folder has it.
type brandFolder struct {
	path      string // "" for none
	settings  brand.Settings
	languages *i18n.Languages
	current   atomic.Pointer[brand.Brand]
}

func openBrand(cfg config) (*brandFolder, error) {
	languages, err := i18n.New()
	if err != nil {
		return nil, err
	}
	f := &brandFolder{
		path: cfg.BrandDir, languages: languages,
		settings: brand.Settings{Name: cfg.Brand, Issuer: cfg.Issuer, Domain: cfg.IssuerDomain, Support: cfg.Support},
	}
	return f, f.load()
}

// load reads the folder. A folder with a fault leaves the brand as it was.
func (f *brandFolder) load() error {
	var folder fs.FS
	if f.path != "" {
		if _, err := os.Stat(f.path); err != nil {
			return fmt.Errorf("PORTAL_BRAND_DIR: %w", err)
		}
		folder = os.DirFS(f.path)
	}
	b, err := brand.Load(folder, f.languages, f.settings)
	if err != nil {
		return fmt.Errorf("PORTAL_BRAND_DIR: %w", err)
	}
	f.current.Store(b)
	return nil
}

// watch reads the folder again whenever something in it changed: for whoever is working on it.
func (f *brandFolder) watch(ctx context.Context, every time.Duration, log *slog.Logger) {
	seen := f.lastChange()
	for ticker := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
		changed := f.lastChange()
		if changed == seen {
			continue
		}
		seen = changed
		if err := f.load(); err != nil {
			log.ErrorContext(ctx, "the brand stays as it was", "error", err)
			continue
		}
		log.InfoContext(ctx, "the brand was read again")
	}
}

// folderState changes when a file of a folder does.
type folderState struct {
	files  int
	newest time.Time
	size   int64
}

func (f *brandFolder) lastChange() folderState {
	var state folderState
	_ = fs.WalkDir(os.DirFS(f.path), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be seen now is read, and its fault told, by load
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // likewise
		}
		state.files++
		state.size += info.Size()
		if info.ModTime().After(state.newest) {
			state.newest = info.ModTime()
		}
		return nil
	})
	return state
}
