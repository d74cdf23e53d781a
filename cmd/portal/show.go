package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"
)

// printConfig is "portal config": the settings in force, also when some are faulty.
func printConfig(args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) error {
	all, faults, err := gather(args, lookupEnv, stderr)
	if err != nil {
		return err
	}
	sites, faults := gatherSites(all, faults)
	cfgs, wrong := configs(sites)
	for i, each := range sites {
		if err := each.print(stdout, cfgs[i]); err != nil {
			return fmt.Errorf("config: %w", err)
		}
	}
	return errors.Join(append(faults, wrong...)...)
}

// print writes a site's settings, and what follows from them.
func (s site) print(out io.Writer, cfg config) error {
	if s.name != "" {
		_, _ = fmt.Fprintf(out, "\n# %s.env\n\n", s.name)
	}
	follows := map[string]string{"PORTAL_ISSUER": cfg.Issuer, "PORTAL_STORE": cfg.Store, "AWS_REGION": cfg.Region}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, each := range settings() {
		g := s.texts[each.env]
		if g.text == "" && follows[each.env] != "" {
			g = given{follows[each.env], "what else is set"}
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", each.env, each.show(g.text), cmp.Or(g.from, "default"))
	}
	return table.Flush()
}

// show is a setting's text without what nobody may read over a shoulder or in a ticket.
func (s setting) show(text string) string {
	switch {
	case text == "":
		return "-"
	case s.traits&hidden != 0:
		return "(hidden)"
	case s.traits&address != 0:
		return withoutPassword(text)
	}
	return text
}

func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(hidden)"
	}
	query := u.Query()
	for name := range query {
		if name == "password" || name == "sslpassword" || name == "passfile" {
			query.Set(name, "xxxxx")
			u.RawQuery = query.Encode()
		}
	}
	return u.Redacted()
}

// healthTimeout bounds a health check: a portal that takes longer is not healthy.
const healthTimeout = 3 * time.Second

// checkHealth is "portal healthcheck": it asks the portal that listens where these settings say.
func checkHealth(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stderr io.Writer) error {
	all, faults, err := gather(args, lookupEnv, stderr)
	if err != nil {
		return err
	}
	cfg, wrong := all.config()
	if err := errors.Join(append(faults, wrong...)...); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return fmt.Errorf("PORTAL_LISTEN: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s", answer.Status)
	}
	return nil
}
