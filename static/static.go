// Package static serves what pages load: two stylesheets, htmx, one small script, an icon. Everything is embedded and
// has its content's hash in its URL, so browsers may keep it for ever and never see a stale one.
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
)

//go:embed css/portal.css css/desk.css js/htmx.min.js js/portal.js img/icon.svg
var files embed.FS

// Prefix is where the assets are served.
const Prefix = "/static/"

// The names of the assets, for [Assets.URL].
const (
	CSS     = "css/portal.css"
	DeskCSS = "css/desk.css" // of the help desk's pages, beside CSS
	HTMX    = "js/htmx.min.js"
	Script  = "js/portal.js"
	Icon    = "img/icon.svg"
)

// Assets answers requests for the assets under their hashed URLs, and for nothing else.
type Assets struct {
	urls  map[string]string // name to URL
	byURL map[string]asset
}

type asset struct {
	contentType   string
	plain, zipped []byte
}

// New prepares the assets. They are compressed here, once: they hold no secret, unlike pages, which never are.
func New() (*Assets, error) {
	a := &Assets{urls: make(map[string]string), byURL: make(map[string]asset)}
	for name, contentType := range map[string]string{
		CSS: "text/css; charset=utf-8", DeskCSS: "text/css; charset=utf-8", HTMX: "text/javascript; charset=utf-8", Script: "text/javascript; charset=utf-8", Icon: "image/svg+xml",
	} {
		plain, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("static: %w", err)
		}
		zipped, err := compress(plain)
		if err != nil {
			return nil, fmt.Errorf("static: %s: %w", name, err)
		}
		sum := sha256.Sum256(plain)
		base, ext := path.Base(name), path.Ext(name)
		url := Prefix + strings.TrimSuffix(base, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.urls[name] = url
		a.byURL[url] = asset{contentType: contentType, plain: plain, zipped: zipped}
	}
	return a, nil
}

// URL is where the asset of that name is served.
func (a *Assets) URL(name string) string { return a.urls[name] }

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
		body = file.zipped
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // net/http leaves the body out for HEAD; an error means that the browser has gone
}

func compress(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}
