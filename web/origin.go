package web

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// ours reports whether a request that may change something can come from a page of ours, as far as its headers tell.
//
// A browser that sends Sec-Fetch-Site is believed in that: "none" is an address that was typed. An older one sends
// Origin, which has to be the portal's own with scheme, host and port: a neighbouring site, the same one in plain http,
// and "null" are strangers. Who sends neither is no browser with somebody's cookies. Headers that let a form pass prove
// nothing: its token has to be the visit's as well (belongs).
func (s *Server) ours(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
		return nil
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "same-origin", "none":
		return nil
	case "":
	default:
		return errors.New("from another site, as the browser says")
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == s.origin || s.onLoopback() && origin == s.PublicURL.Scheme+"://"+r.Host {
		return nil
	}
	return errors.New("from another origin")
}

// originOf is the origin of an address as browsers write it: without the port that goes without saying.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https":
		host = strings.TrimSuffix(host, ":443")
	case u.Scheme == "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// onLoopback reports whether the portal is reached on this machine alone: under whichever of its names.
func (s *Server) onLoopback() bool { return loopback(s.PublicURL.Hostname()) }

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// addressed refuses a request that is for another host: one whose name leads here without being ours (a poisoned cache,
// or DNS rebinding, which makes another site's page look like this one's). The health pages are asked by address.
func (s *Server) addressed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if path := c.Path(); path == "/healthz" || path == "/readyz" || s.isOurHost(c.Request().Host) {
			return next(c)
		}
		return &badRequest{
			status: http.StatusMisdirectedRequest,
			err:    errors.New("for another host than PORTAL_PUBLIC_URL's: a proxy before the portal has to pass Host on, or PORTAL_OTHER_HOSTS to name what it sends"),
		}
	}
}

func (s *Server) isOurHost(host string) bool {
	name := strings.ToLower((&url.URL{Host: host}).Hostname()) // proxies may drop the port
	return name == strings.ToLower(s.PublicURL.Hostname()) || s.OtherHosts.Have(name) || s.onLoopback() && loopback(name)
}

// Hosts are names of hosts in small letters. One that begins with "*." is every name with one label in the star's place.
type Hosts []string

// Have reports whether a name, in small letters and without a port, is among them.
func (h Hosts) Have(name string) bool {
	label, parent, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(h, func(host string) bool { return host == name || label != "" && host == "*."+parent })
}

// asPicture refuses to answer a picture with something secret to what is not an <img> of our own pages, where the browser
// says what it is for: another site cannot show it, and its address is no page to be opened or printed.
func asPicture(r *http.Request) error {
	site, dest := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Dest")
	if site != "" && site != "same-origin" || dest != "" && dest != "image" {
		return echo.ErrNotFound
	}
	return nil
}
