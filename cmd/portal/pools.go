package main

// Several pools in one process: whose settings are where, and who answers which host.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cognito-enroll/internal/store"
	"cognito-enroll/web"
)

// site is the settings of one portal that the process serves: the only one, or that of one of several pools.
type site struct {
	name  string // of its file, without .env; "" where there is one pool
	texts texts
}

// called puts a site's name before a fault in its settings.
func (s site) called(fault error) error {
	if s.name == "" {
		return fault
	}
	return fmt.Errorf("%s.env: %w", s.name, fault)
}

// gatherSites finds the texts of all settings of all pools.
func gatherSites(found texts, faults []error) ([]site, []error) {
	dir := found["PORTAL_POOLS_DIR"].text
	if dir == "" {
		return []site{{"", found}}, faults
	}
	for _, s := range settings() {
		if from := found[s.env].from; s.traits&(forAll|ambient) == 0 && from != "default" {
			faults = append(faults, fmt.Errorf("%s (%s): is each pool's own: set it in the files of PORTAL_POOLS_DIR", s.env, from))
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.env"))
	if err != nil || len(files) == 0 {
		return nil, append(faults, fmt.Errorf("PORTAL_POOLS_DIR: no file NAME.env in %s", dir))
	}
	sites := make([]site, 0, len(files))
	for _, path := range files { // sorted
		s, wrong := readSite(path, found)
		for _, fault := range wrong {
			faults = append(faults, s.called(fault))
		}
		sites = append(sites, s)
	}
	return sites, faults
}

// siteName is what a pool may be called: it stands in logs, figures and faults.
var siteName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`) //nolint:gochecknoglobals // a constant

// readSite reads one pool's file. What it does not say has its default, never another pool's value.
func readSite(path string, common texts) (site, []error) {
	name := strings.TrimSuffix(filepath.Base(path), ".env")
	own, faults := readSettings(path)
	if !siteName.MatchString(name) {
		faults = append(faults, errors.New("its name should be of small letters, digits and hyphens, 32 at most"))
	}
	found := texts{}
	for _, s := range settings() {
		g, err := find(s, nil, func(string) (string, bool) { return "", false }, own)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %w", s.env, err))
		case s.traits&forAll != 0 && g.from != "default":
			faults = append(faults, fmt.Errorf("%s: is for the whole process: set it beside PORTAL_POOLS_DIR", s.env))
		case s.traits&forAll != 0 || s.traits&ambient != 0 && g.from == "default":
			g = common[s.env]
		}
		found[s.env] = g
	}
	delete(found, "PORTAL_POOLS_DIR") // it is one pool's now
	return site{name, found}, faults
}

// configs makes values of the sites' texts, and checks what must not be the same in two of them.
func configs(sites []site) ([]config, []error) {
	var faults []error
	all := make([]config, len(sites))
	owner := map[string]string{}
	for i, s := range sites {
		var wrong []error
		if all[i], wrong = s.texts.config(); s.name != "" {
			wrong = append(wrong, all[i].apart(func(what, value string) error {
				if other := owner[what+value]; other != "" && other != s.name {
					return fmt.Errorf("%s: is that of %s.env, too: nothing of one pool may be reached from another", what, other)
				}
				owner[what+value] = s.name
				return nil
			}))
			for j := range all[:i] {
				wrong = append(wrong, all[i].otherHostsApart(all[j], sites[j].name))
			}
		}
		for _, fault := range wrong {
			if fault != nil {
				faults = append(faults, s.called(fault))
			}
		}
	}
	return all, faults
}

// apart claims for one of several pools what none may share with another, and says what it has to have for that.
func (c config) apart(claim func(what, value string) error) error {
	if c.demo() {
		return errors.New("COGNITO_USER_POOL_ID: needed, and COGNITO_CLIENT_ID: the demo is no pool among others")
	}
	if c.PublicURL == nil {
		return errors.New("PORTAL_PUBLIC_URL: needed: its host says which pool is meant")
	}
	faults := []error{claim("PORTAL_PUBLIC_URL", hostOf(c.PublicURL.Host))}
	for _, place := range store.Places(c.Store) {
		faults = append(faults, claim("PORTAL_STORE", place))
	}
	if key := c.Desk.LinkKey; !key.IsZero() {
		faults = append(faults, claim("PORTAL_LINK_KEY", key.Reveal()))
	}
	for _, key := range c.SessionKeys {
		faults = append(faults, claim("PORTAL_SESSION_KEYS", key.Encode().Reveal()))
	}
	for _, key := range c.APIKeys {
		faults = append(faults, claim("PORTAL_API_KEYS", string(key.Hash[:])))
	}
	return errors.Join(faults...)
}

// otherHostsApart refuses a host under which a proxy could mean another pool as well.
func (c config) otherHostsApart(other config, name string) error {
	both := func(a, b config) string {
		for _, host := range a.hosts() {
			if b.OtherHosts.Have(host) {
				return host
			}
		}
		return ""
	}
	if host := cmp.Or(both(c, other), both(other, c)); host != "" {
		return fmt.Errorf("PORTAL_OTHER_HOSTS: %s would be %s.env's, too: a host says which pool is meant", host, name)
	}
	return nil
}

// hosts are the names that the portal answers to.
func (c config) hosts() web.Hosts {
	if c.PublicURL == nil {
		return c.OtherHosts
	}
	return append(web.Hosts{hostOf(c.PublicURL.Host)}, c.OtherHosts...)
}

// hostOf is the name of a host with or without a port: proxies may drop the port, and cookies know none.
func hostOf(host string) string {
	return strings.TrimSuffix(strings.ToLower((&url.URL{Host: host}).Hostname()), ".")
}

// ServeHTTP answers a request by the portal of the host that it is for. A load balancer that asks whether this process
// is well knows no host: it is told of all.
func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n.draining.Load() {
		w.Header().Set("Connection", "close") // clients come back on another node
	}
	host := hostOf(r.Host)
	i := slices.IndexFunc(n.portals, func(each *portal) bool {
		return each.name == "" || hostOf(each.publicURL.Host) == host || each.otherHosts.Have(host)
	})
	if i >= 0 {
		n.portals[i].server.Load().ServeHTTP(w, r)
		return
	}
	forProgramsAlone(http.HandlerFunc(n.unaddressed)).ServeHTTP(w, r)
}

// unaddressed answers what is for the host of no pool.
func (n *node) unaddressed(w http.ResponseWriter, r *http.Request) {
	status, text := http.StatusMisdirectedRequest, "There is nothing at this address."
	switch r.URL.Path {
	case "/healthz":
		status, text = http.StatusOK, "ok"
	case "/readyz":
		status, text = n.ready(r.Context())
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// ready says whether all portals can be sent visitors.
func (n *node) ready(ctx context.Context) (status int, text string) {
	for _, each := range n.portals {
		if reason, err := each.server.Load().Ready(ctx); reason != "" {
			each.log.WarnContext(ctx, "not ready", "reason", reason, "error", err)
			return http.StatusServiceUnavailable, each.name + ": " + reason
		}
	}
	return http.StatusOK, "ok"
}
