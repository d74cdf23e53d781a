package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"time"

	"cognito-enroll/internal/brand"
	"cognito-enroll/internal/i18n"
)

// loadBrand reads the operator's folder, if there is one.
func loadBrand(cfg config, languages *i18n.Languages) (*brand.Brand, error) {
	var folder fs.FS
	if cfg.BrandDir != "" {
		if _, err := os.Stat(cfg.BrandDir); err != nil {
			return nil, fmt.Errorf("PORTAL_BRAND_DIR: %w", err)
		}
		folder = os.DirFS(cfg.BrandDir)
	}
	b, err := brand.Load(folder, languages, brand.Settings{Name: cfg.Brand, Issuer: cfg.Issuer, Domain: cfg.IssuerDomain, Support: cfg.Support})
	if err != nil {
		return nil, fmt.Errorf("PORTAL_BRAND_DIR: %w", err)
	}
	return b, nil
}

// watchFolder calls changed whenever something in a folder is another than before, until ctx ends.
func watchFolder(ctx context.Context, path string, every time.Duration, changed func()) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for seen := stateOf(path); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now := stateOf(path); now != seen {
			seen = now
			changed()
		}
	}
}

// folderState is another one when a file of the folder is.
type folderState struct {
	files  int
	newest time.Time
	size   int64
}

func stateOf(path string) folderState {
	var state folderState
	_ = fs.WalkDir(os.DirFS(path), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // whoever reads the folder tells what is wrong with it
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
