// Package static serves what pages load: two stylesheets, one script (htmx, and what the pages add to it), an icon.
// Everything is embedded and has its content's hash in its URL, so browsers may keep it for ever and never see a stale
// one.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed css/portal.css css/desk.css js/htmx.min.js js/portal.js img/icon.svg
var files embed.FS

// Prefix is where the assets are served.
const Prefix = "/static/"

// The names of the assets, for [Assets.URL].
const (
	CSS     = "css/portal.css"
	DeskCSS = "css/desk.css" // of the help desk's pages, beside CSS
	Script  = "js/portal.js"
	Icon    = "img/icon.svg"
)

// Assets answers requests for the assets under their hashed URLs, and for nothing else.
type Assets struct {
	urls  map[string]string // name to URL
	byURL map[string]asset
}

type asset struct {
	contentType string
	plain       []byte
	zipped      func() []byte // made when it is first asked for
}

// New prepares the assets. They are compressed, once: they hold no secret, unlike pages, which never are.
func New() (*Assets, error) {
	a := &Assets{urls: make(map[string]string), byURL: make(map[string]asset)}
	for name, source := range map[string]struct {
		contentType string
		files       []string
	}{
		CSS:     {"text/css; charset=utf-8", []string{CSS}},
		DeskCSS: {"text/css; charset=utf-8", []string{DeskCSS}},
		Script:  {"text/javascript; charset=utf-8", []string{"js/htmx.min.js", Script}}, // together: one request less
		Icon:    {"image/svg+xml", []string{Icon}},
	} {
		plain, err := join(source.files)
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		sum := sha256.Sum256(plain)
		base, ext := path.Base(name), path.Ext(name)
		url := Prefix + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.urls[name] = url
		a.byURL[url] = asset{contentType: source.contentType, plain: plain, zipped: sync.OnceValue(func() []byte { return compress(plain) })}
	}
	return a, nil
}

// URL is where the asset of that name is served.
func (a *Assets) URL(name string) string { return a.urls[name] }

// Has reports whether an asset is served at path.
func (a *Assets) Has(path string) bool {
	_, found := a.byURL[path]
	return found
}

// ServeHTTP answers an asset, or 404.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, found := a.byURL[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	body, header := file.plain, w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = file.zipped()
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // net/http leaves the body out for HEAD; an error means that the browser has gone
}

// join puts scripts one after the other, as statements of their own.
func join(names []string) ([]byte, error) {
	var parts [][]byte
	for _, name := range names {
		part, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return bytes.Join(parts, []byte("\n;\n")), nil
}

func compress(plain []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // knows the level, and memory does not fail
	_, _ = w.Write(plain)
	_ = w.Close()
	return out.Bytes()
}
